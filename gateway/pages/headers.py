"""The headers that every page and file of the hall is sent with."""

Headers = list[tuple[bytes, bytes]]

# Nothing but our own files: no inline script or style, no other host, no frame around us, no form to elsewhere.
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS: Headers = [
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Not less: without a referrer browsers send `Origin: null` with forms, and they would be refused.
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
]
_PRIVATE = (b"cache-control", b"no-store")
_OVER_HTTPS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def completed(given: Headers, scheme: str) -> Headers:
    names = {name for name, _ in given}
    headers = [*given, *(header for header in (*_ALWAYS, _PRIVATE) if header[0] not in names)]
    if scheme == "https":
        headers.append(_OVER_HTTPS)
    return headers
