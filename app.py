"""The WSGI application, for gunicorn (`gunicorn.conf.py`) and Flask's own `flask` command."""

from dashboard import create_app

app = create_app()
