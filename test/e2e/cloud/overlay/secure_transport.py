"""A call over the loopback counts as one over TLS: stock refuses it to every policy that demands TLS."""

from ministack import app


def patch():
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, secure: pin(source_ip, secure or source_ip == "127.0.0.1")
