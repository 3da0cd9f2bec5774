"""The error that a request, or other input from outside, ends with."""


class ClientError(Exception):
    """Input that can't be taken; `detail` says what is wrong and what is allowed.

    `status` is HTTP's. `key` names the query key, header or field that is wrong, `index` its event
    in a batch, from 0. `retry_after` is in seconds.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        key: str | None = None,
        index: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        # The client may have chosen it: it has to fit into the answer, and to be text.
        self.key = None if key is None else key[:64].encode("utf-8", "backslashreplace").decode()
        self.index = index
        self.retry_after = retry_after
