"""TLS to servers on the loopback: stock makes plain HTTP of every `https://localhost:…` that a function calls."""

from ministack.core import lambda_runtime

DOWNGRADE = '''if (host === "127.0.0.1" || host === "localhost" || host === msHost
        || (advertised && host === advertised)) {'''


def patch():
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    assert script.count(DOWNGRADE) == 1, "the emulator's script for Node.js functions has changed"
    lambda_runtime._NODEJS_WORKER_SCRIPT = script.replace(DOWNGRADE, "if (false) {")
