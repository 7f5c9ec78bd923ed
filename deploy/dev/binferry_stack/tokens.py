"""An endpoint that gives access tokens: the client credentials grant of OAuth 2, for tests.

Client `carrier` gets, for its secret kafka_security.PASSWORD, a token that is not signed and says that its user
is `carrier`; the secured listeners of the stack's broker believe it. Client `stranger` alike."""

import base64
import json
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Dict, List

if __name__ == "__main__":  # Started by Tokens.command, below.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from binferry_stack import kafka_security  # noqa: E402
from binferry_stack.process import answers  # noqa: E402
from binferry_stack.server import Server  # noqa: E402

LIFETIME_SECONDS = 3600


class Tokens(Server):
    """Has no settings."""

    name = "tokens"

    def create(self) -> None:
        pass

    def command(self) -> List[str]:
        return [sys.executable, str(Path(__file__).resolve()), str(self.port)]

    def ready(self) -> bool:
        return answers(self.port)

    def exports(self) -> Dict[str, str]:
        return {"BINFERRY_TEST_TOKENS": f"http://127.0.0.1:{self.port}/token"}


def token_of(user: str) -> str:
    """An unsigned JSON web token."""
    now = int(time.time())
    parts = ({"alg": "none"}, {"sub": user, "iat": now, "exp": now + LIFETIME_SECONDS})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


class Endpoint(BaseHTTPRequestHandler):
    """POST /token."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        client, _, secret = base64.b64decode(encoded).decode().partition(":")
        if self.path != "/token":
            self.answer(404, {})
        elif form.get("grant_type") != ["client_credentials"]:
            self.answer(400, {"error": "unsupported_grant_type"})
        elif scheme != "Basic" or client not in kafka_security.USERS or secret != kafka_security.PASSWORD:
            self.answer(401, {"error": "invalid_client", "error_description": "unknown client or wrong secret"})
        else:
            self.answer(200, {"access_token": token_of(client), "token_type": "Bearer",
                              "expires_in": LIFETIME_SECONDS})

    def answer(self, status: int, body: dict) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Endpoint).serve_forever()
