"""The condition `cloudwatch:namespace` of PutMetricData: stock knows no such key and denies what it would allow."""

import gzip
import json
import urllib.parse

import cbor2
from ministack.core import iam_actions

KEY = "cloudwatch:namespace"


def namespace_in(body):
    """The namespace in the body of a call, in any of the three protocols of CloudWatch."""
    text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    if text[:1] == b"{":
        return json.loads(text).get("Namespace")
    if text.startswith((b"Action=", b"Version=")):
        return urllib.parse.parse_qs(text.decode()).get("Namespace", [None])[0]
    return cbor2.loads(text).get("Namespace")


def patch():
    tags_of = iam_actions.request_tag_context

    def context_of(service, action, body, query):
        known = tags_of(service, action, body, query)
        return {**known, KEY: namespace_in(body)} if action == "cloudwatch:PutMetricData" else known

    iam_actions.request_tag_context = context_of
