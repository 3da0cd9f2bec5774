"""The Flask application class: each request runs what this application has of Flask, and no more.

Flask looks for functions of blueprints, signals, sessions and coroutines; there are none here, and
a storm of ten thousand streams feels each look. `register_blueprint` refuses what would be missed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response
from flask.ctx import RequestContext
from flask.sessions import NullSession
from flask.typing import ResponseReturnValue
from werkzeug.routing import MapAdapter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_NO_SESSION = NullSession()


class _Request(Request):
    def close(self) -> None:
        """Do nothing: no form is read here, whose files would be closed."""


class VitalsApp(Flask):
    """A Flask with plain functions for views and with hooks of the application alone."""

    request_class = _Request

    def register_blueprint(self, blueprint: Any, **options: Any) -> None:
        """Register a blueprint's routes. Raises ValueError for one that has hooks."""
        hooks = (blueprint.before_request_funcs, blueprint.after_request_funcs)
        if any(hooks) or blueprint.teardown_request_funcs or blueprint.url_value_preprocessors:
            raise ValueError(f"blueprint {blueprint.name} has hooks, which would not be called")
        super().register_blueprint(blueprint, **options)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Bind the routes to a request, whose Host `web/access.py` looks at."""
        if request is None:
            return None
        environ = request.environ
        return MapAdapter(
            self.url_map,
            environ.get("HTTP_HOST", "localhost"),
            environ.get("SCRIPT_NAME") or "/",
            self.url_map.default_subdomain,
            environ["wsgi.url_scheme"],
            request.path,
            request.method,
            environ.get("QUERY_STRING", ""),
        )

    def request_context(self, environ: "WSGIEnvironment") -> RequestContext:
        """Return the context of a request, with the one session of all, which holds nothing."""
        return RequestContext(self, environ, session=_NO_SESSION)

    def full_dispatch_request(self) -> Response:
        """Answer the request of the current context."""
        self._got_first_request = True
        try:
            answer = self.preprocess_request()
            if answer is None:
                answer = self.dispatch_request()
        except Exception as error:
            answer = self.handle_user_exception(error)
        return self.process_response(self.make_response(answer))

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Call the functions before a request; the first answer of one is the answer."""
        for function in self.before_request_funcs.get(None, ()):
            answer: ResponseReturnValue | None = function()  # type: ignore[assignment]
            if answer is not None:
                return answer
        return None

    def process_response(self, response: Response) -> Response:
        """Call the functions after a request, the last registered first."""
        for function in reversed(self.after_request_funcs.get(None, ())):
            response = function(response)
        return response

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none here is a coroutine."""
        return func

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Do nothing: no function is registered for a request's end."""

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """Do nothing: no function is registered for a context's end."""
