"""What every answer to a browser carries, and which forms are refused."""

from http import HTTPStatus

from flask import Flask, Response, abort, request

_HEADERS = {
    "Referrer-Policy": "no-referrer",  # the callback's URL holds a code
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def install_browser_rules(app: Flask, *, form_targets: tuple[str, ...]) -> None:
    """Keep other sites out; `form_targets` are the origins where our forms may end up by redirect (CSP 3)."""
    forms = " ".join(("'self'", *form_targets))
    policy = f"default-src 'self'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

    @app.before_request
    def refuse_forms_of_other_sites() -> None:
        # To a browser, apps on other ports of one host are the same site: SameSite cookies do not tell them apart.
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            abort(HTTPStatus.FORBIDDEN)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = policy
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response
