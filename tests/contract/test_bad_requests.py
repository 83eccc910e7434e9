"""Guarantee: a bad request gets its documented status and code and a message that names what is wrong; nothing
is charged, nothing is stored, and it is never a 500.

One request a row: what is wrong, the request, then the status, the code, and words of the message.
"""
# ruff: noqa: E501  (one request a row is easier to read than one a paragraph)

import io
import socket
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.contract.requests import (
    ANIMATE,
    FLAT,
    GENERATE,
    SUBMIT,
    UNKNOWN_ID,
    Answer,
    Request,
    body,
    form,
    generate,
    get,
    graphql,
    picture,
    post,
    send,
    text,
    upload,
    without,
)
from tests.system import Customer, System

MEGABYTE = 1024 * 1024
MARKS = 500_000  # putting these in canonical order takes hours
INVALID, MALFORMED, REFUSED = "INVALID_PARAMETER", "MALFORMED_REQUEST", "IMAGE_REFUSED"
DEEP = "{ generations { nodes { id } } " + "a: generations { " * 14 + "nodes { id }" + " }" * 14 + " }"
MANY = "{ " + " ".join(f"a{number}: credits {{ available }}" for number in range(31)) + " }"
BUNDLE = "fragment F on Generation { ...F id } query { generations { nodes { ...F } } }"
RTL, EMOJI = "\u202e\u05d0\u05d1", "\U0001f43b\u200d\u2744\ufe0f"


def png(width: int = 64, height: int = 64) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(written, "PNG")
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG whose header speaks of far more pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png()[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + png()[33:]


def endpoint(**changes: Any) -> Request:
    return post("/v1/webhook_endpoints", {"url": "https://93.184.216.34/hook"} | changes)


Row = tuple[str, Request, int, str, str]
# fmt: off
ROWS: list[Row] = [
    # parameters of REST: types, ranges, words
    ("no service",                 without("service"), 400, INVALID, "service is required"),
    ("service null",               text(service=None), 400, INVALID, "service is required"),
    ("service unknown",            text(service="kling"), 400, INVALID, "service must be one of: runway"),
    ("service number",             text(service=1), 400, INVALID, "service"),
    ("service list",               text(service=["runway"]), 400, INVALID, "service"),
    ("service for pictures only",  text(service="runway-i2v"), 400, INVALID, "service must be one of: runway"),
    ("service and provider",       text(provider="runway-i2v"), 400, INVALID, "provider is given twice"),
    ("no prompt",                  without("prompt"), 400, INVALID, "prompt is required"),
    ("prompt empty",               text(prompt=""), 400, INVALID, "prompt must be text of 1 to 1000 characters"),
    ("prompt blank",               text(prompt=" \n\t "), 400, INVALID, "prompt must be text"),
    ("prompt long",                text(prompt="a" * 1001), 400, INVALID, "prompt must be text of 1 to 1000"),
    ("prompt of slow marks",       text(prompt="a" + "\u0301" * MARKS + "\u0323" * MARKS), 400, INVALID, "prompt must be text of 1"),
    ("prompt of emoji, long",      text(prompt="\U0001f43b" * 1001), 400, INVALID, "prompt must be text of 1 to"),
    ("prompt right to left, long", text(prompt="\u05d0" * 1001), 400, INVALID, "prompt must be text of 1 to 1000"),
    ("prompt very long",           text(prompt="a" * MEGABYTE), 400, INVALID, "prompt must be text of 1 to 1000"),
    ("prompt number",              text(prompt=42), 400, INVALID, "prompt must be a string"),
    ("prompt object",              text(prompt={"text": "A bear"}), 400, INVALID, "prompt must be a string"),
    ("prompt list",                text(prompt=["A bear"]), 400, INVALID, "prompt must be a string"),
    ("prompt with NUL",            text(prompt="A\x00bear"), 400, INVALID, "prompt must not contain control"),
    ("NUL after much space",       text(prompt=" " * 5000 + "\x00bear"), 400, INVALID, "prompt"),
    ("prompt with escape",         text(prompt="A \x1b[31mbear"), 400, INVALID, "prompt must not contain control"),
    ("prompt with C1 control",     text(prompt="A\x85bear\x9b"), 400, INVALID, "prompt must not contain control"),
    ("prompt, lone surrogate",     text(prompt="A \ud83d bear"), 400, MALFORMED, "not valid JSON"),
    ("prompt not UTF-8",           text(b'{"service":"runway","prompt":"\xff\xfe"}'), 400, MALFORMED, "valid JSON"),
    ("negativePrompt with NUL",    text(negativePrompt="no\x00"), 400, INVALID, "negativePrompt must not contain"),
    ("negativePrompt long",        text(negativePrompt="a" * 1001), 400, INVALID, "negativePrompt must be text"),
    ("duration 4",                 text(duration=4), 400, INVALID, "duration must be a whole number from 5 to 10"),
    ("duration 11",                text(duration=11), 400, INVALID, "duration must be a whole number from 5 to 10"),
    ("duration 0",                 text(duration=0), 400, INVALID, "duration must be a whole number"),
    ("duration negative",          text(duration=-5), 400, INVALID, "duration must be a whole number"),
    ("duration fraction",          text(duration=5.5), 400, INVALID, "duration must be a whole number"),
    ("duration as text",           text(duration="5"), 400, INVALID, "duration must be a whole number"),
    ("duration true",              text(duration=True), 400, INVALID, "duration must be a whole number"),
    ("duration huge",              text(duration=10**30), 400, INVALID, "duration must be a whole number"),
    ("duration list",              text(duration=[5]), 400, INVALID, "duration must be a whole number"),
    ("duration NaN",               text(b'{"service":"runway","prompt":"A","duration":NaN}'), 400, MALFORMED, "JSON"),
    ("duration infinite",          text(b'{"service":"runway","prompt":"A","duration":1e999}'), 400, MALFORMED, "JSON"),
    ("duration twice, last bad",   text(b'{"service":"runway","prompt":"A","duration":5,"duration":99}'), 400, INVALID, "duration"),
    ("aspectRatio unknown",        text(aspectRatio="4:3"), 400, INVALID, "aspectRatio must be one of: 16:9, 9:16, 1:1"),
    ("aspectRatio number",         text(aspectRatio=1.7778), 400, INVALID, "aspectRatio must be one of"),
    ("aspectRatio full-width",     text(aspectRatio="\uff11\uff16:9"), 400, INVALID, "aspectRatio must be one of"),
    ("version unknown",            text(version="gen-5"), 400, INVALID, "version must be one of: gen-2, gen-3, gen-4"),
    ("version in other letters",   text(version="Gen-4"), 400, INVALID, "version must be one of"),
    ("quality unknown",            text(quality="ultra"), 400, INVALID, "quality must be one of: standard, high, pro"),
    ("motionIntensity unknown",    text(motionIntensity="wild"), 400, INVALID, "motionIntensity must be one of: low"),
    ("seed negative",              text(seed=-1), 400, INVALID, "seed must be a whole number from 0 to 4294967295"),
    ("seed past the end",          text(seed=2**32), 400, INVALID, "seed must be a whole number from 0 to 4294967295"),
    ("seed as text",               text(seed="7"), 400, INVALID, "seed must be a whole number"),
    ("parameter unknown",          text(colour="red"), 400, INVALID, "colour is not a parameter"),
    ("parameter in other letters", text(aspect_ratio="16:9"), 400, INVALID, "aspect_ratio is not a parameter"),
    ("parameter with controls",    text(**{"a\x00\nb": 1}), 400, INVALID, "a??b is not a parameter"),
    ("parameter right to left",    text(**{RTL: 1}), 400, INVALID, "is not a parameter"),
    ("parameter of emoji",         text(**{EMOJI: 1}), 400, INVALID, "is not a parameter"),
    ("parameter with long name",   text(**{"x" * 5000: 1}), 400, INVALID, "is not a parameter"),
    ("prototype",                  text(__proto__={"a": 1}), 400, INVALID, "__proto__ is not a parameter"),
    ("picture for text",           text(image="https://example.com/a.png"), 400, INVALID, "image is not a parameter"),
    # motion
    ("motion as text",             text(motion="pan"), 400, INVALID, "motion must be an object"),
    ("motion with unknown part",   text(motion={"zoom": 1}), 400, INVALID, "motion.zoom is not a parameter"),
    ("camera object",              text(motion={"camera": {"move": "pan"}}), 400, INVALID, "motion.camera must be a list"),
    ("nine moves",                 text(motion={"camera": [{"move": "static"}] * 9}), 400, INVALID, "motion.camera must be a list of at most 8"),
    ("move unknown",               text(motion={"camera": [{"move": "teleport"}]}), 400, INVALID, "motion.camera[0].move must be one of"),
    ("move of the wrong kind",     text(motion={"camera": ["pan"]}), 400, INVALID, "motion.camera[0] must be an object"),
    ("move unhashable",            text(motion={"camera": [{"move": ["static"]}]}), 400, INVALID, "motion.camera[0].move must be one of"),
    ("strength past the end",      text(motion={"camera": [{"move": "static", "strength": 1.01}]}), 400, INVALID, "motion.camera[0].strength must be a number from 0 to 1"),
    ("strength true",              text(motion={"camera": [{"move": "static", "strength": True}]}), 400, INVALID, "motion.camera[0].strength"),
    ("brush without a shape",      text(motion={"brushes": [{"speed": 1}]}), 400, INVALID, "motion.brushes[0] must have either"),
    ("brush of two points",        text(motion={"brushes": [{"polygon": [[0, 0], [1, 1]]}]}), 400, INVALID, "motion.brushes[0].polygon must be a list of at least 3"),
    ("brush outside the picture",  text(motion={"brushes": [{"polygon": [[0, 0], [1, 1], [2, 0]]}]}), 400, INVALID, "motion.brushes[0].polygon must be a number from 0 to 1"),
    ("brush mode unhashable",      text(motion={"brushes": [{"mask": "a", "mode": {}}]}), 400, INVALID, "motion.brushes[0].mode must be one of"),
    # webhook addresses
    ("webhook ftp",                text(webhookUrl="ftp://example.com/a"), 400, INVALID, "webhookUrl must be an http:// or https:// URL"),
    ("webhook without scheme",     text(webhookUrl="example.com/hook"), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook javascript",         text(webhookUrl="javascript:alert(1)"), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook without host",       text(webhookUrl="https://"), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook with user",          text(webhookUrl="https://a:b@example.com/"), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook with backslash",     text(webhookUrl="http://a\\@127.0.0.1/"), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook with line break",    text(webhookUrl="https://example.com/\r\nX: y"), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook with bad port",      text(webhookUrl="https://93.184.216.34:99999/"), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook long",               text(webhookUrl="https://93.184.216.34/" + "a" * 2048), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook number",             text(webhookUrl=7), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook right to left",      text(webhookUrl="https://example.com/" + RTL), 400, INVALID, "webhookUrl must be an http:// or"),
    ("webhook to private network", text(webhookUrl="http://10.0.0.1/hook"), 400, "ADDRESS_DENIED", "webhookUrl points to"),
    ("webhook to metadata server", text(webhookUrl="http://169.254.169.254/latest"), 400, "ADDRESS_DENIED", "webhookUrl points to"),
    ("webhook, number for a host", text(webhookUrl="http://2130706433/"), 400, "ADDRESS_DENIED", "webhookUrl points to"),
    ("webhook, short for a host",  text(webhookUrl="http://127.1/"), 400, "ADDRESS_DENIED", "webhookUrl points to"),
    # bodies
    ("no body",                    text(b""), 400, MALFORMED, "not valid JSON"),
    ("broken JSON",                text(b'{"service": "runway",'), 400, MALFORMED, "not valid JSON"),
    ("two objects",                text(b'{}{}'), 400, MALFORMED, "not valid JSON"),
    ("list for object",            text(b'[{"service":"runway","prompt":"A"}]'), 400, MALFORMED, "one JSON object"),
    ("text for object",            text(b'"runway"'), 400, MALFORMED, "one JSON object"),
    ("null for object",            text(b"null"), 400, MALFORMED, "one JSON object"),
    ("nested 100,000 deep",        text(b'{"a":' * 100_000), 400, MALFORMED, "not valid JSON"),
    ("lists 100,000 deep",         text(b"[" * 100_000 + b"]" * 100_000), 400, MALFORMED, "not valid JSON"),
    ("UTF-16",                     text('{"service":"runway"}'.encode("utf-16")), 400, MALFORMED, "not valid JSON"),
    ("9 MB declared",              Request("POST", "/v1/text_to_video", None, {"Content-Type": "application/json"}, size=9 * MEGABYTE), 413, "PAYLOAD_TOO_LARGE", "8388608 bytes"),
    ("no content type",            text().having(Content_Type=""), 415, "UNSUPPORTED_MEDIA_TYPE", "application/json"),
    ("plain text",                 text().having(Content_Type="text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE", "application/json"),
    ("web form",                   text().having(Content_Type="application/x-www-form-urlencoded"), 415, "UNSUPPORTED_MEDIA_TYPE", "application/json"),
    ("JSON in Latin-1",            text().having(Content_Type="application/json; charset=latin-1"), 415, "UNSUPPORTED_MEDIA_TYPE", "application/json"),
    # keys
    ("no key",                     text().with_key(""), 401, "UNAUTHENTICATED", "Missing or invalid API key"),
    ("key unknown",                text().with_key("dk_live_00000000_" + "0" * 49), 401, "UNAUTHENTICATED", "Missing or invalid"),
    ("key malformed",              text().with_key("hello"), 401, "UNAUTHENTICATED", "Missing or invalid API key"),
    ("key of 10,000 letters",      text().with_key("k" * 10_000), 401, "UNAUTHENTICATED", "Missing or invalid API key"),
    ("key of emoji",               text().with_key(EMOJI), 401, "UNAUTHENTICATED", "Missing or invalid API key"),
    ("the placeholder",            text().with_key("YOUR_API_KEY"), 401, "UNAUTHENTICATED", "Missing or invalid API key"),
    ("Basic for Bearer",           text().with_key("").having(Authorization="Basic dXNlcjpwYXNz"), 401, "UNAUTHENTICATED", "Missing or"),
    ("Bearer without key",         text().with_key("").having(Authorization="Bearer "), 401, "UNAUTHENTICATED", "Missing or invalid"),
    ("two keys that differ",       text().having(Authorization="Bearer dk_live_x"), 401, "UNAUTHENTICATED", "Missing or invalid"),
    ("no key, reading",            get("/v1/credits").with_key(""), 401, "UNAUTHENTICATED", "Missing or invalid API key"),
    # methods and paths
    ("GET a submission",           get("/v1/text_to_video"), 405, "METHOD_NOT_ALLOWED", "allowed: POST"),
    ("PUT a submission",           body("PUT", "/v1/text_to_video", FLAT), 405, "METHOD_NOT_ALLOWED", "allowed: POST"),
    ("DELETE a generation",        Request("DELETE", f"/v1/generations/{UNKNOWN_ID}/cancel"), 405, "METHOD_NOT_ALLOWED", "allowed: POST"),
    ("method of others",           Request("PROPFIND", "/v1/credits"), 405, "METHOD_NOT_ALLOWED", "allowed: GET"),
    ("PUT to GraphQL",             body("PUT", "/graphql", {}), 405, "METHOD_NOT_ALLOWED", "GET, POST"),
    ("path unknown",               post("/v1/text_to_image", FLAT), 404, "NOT_FOUND", "Not found"),
    ("path with slash at the end", post("/v1/text_to_video/", FLAT), 404, "NOT_FOUND", "Not found"),
    ("version unknown in path",    post("/v2/text_to_video", FLAT), 404, "NOT_FOUND", "Not found"),
    ("id unknown",                 get(f"/v1/generations/{UNKNOWN_ID}"), 404, "NOT_FOUND", "Not found"),
    ("id upward",                  get("/v1/generations/../../etc/passwd"), 404, "NOT_FOUND", "Not found"),
    ("id upward, encoded",         get("/v1/generations/%2e%2e%2f%2e%2e%2fsecret.key"), 404, "NOT_FOUND", "Not found"),
    ("id with NUL",                get("/v1/generations/a%00b"), 404, "NOT_FOUND", "Not found"),
    ("id not UTF-8",               get("/v1/generations/%ff%fe"), 404, "NOT_FOUND", "Not found"),
    ("id of emoji",                get("/v1/generations/%F0%9F%90%BB"), 404, "NOT_FOUND", "Not found"),
    ("id very long",               get("/v1/generations/" + "a" * 5000), 404, "NOT_FOUND", "Not found"),
    ("id with SQL",                get("/v1/uploads/'%20OR%201=1--"), 404, "NOT_FOUND", "Not found"),
    ("output upward",              get("/outputs/../secret.key"), 404, "NOT_FOUND", "Not found"),
    ("output upward, encoded",     get("/outputs/..%2fsecret.key"), 404, "NOT_FOUND", "Not found"),
    ("output upward, twice",       get("/outputs/%252e%252e%252fsecret.key.mp4"), 404, "NOT_FOUND", "Not found"),
    ("output absolute",            get("/outputs//etc/passwd"), 404, "NOT_FOUND", "Not found"),
    ("output unknown",             get(f"/outputs/{UNKNOWN_ID}.mp4"), 404, "NOT_FOUND", "Not found"),
    ("cancel unknown",             post(f"/v1/generations/{UNKNOWN_ID}/cancel", {}), 404, "NOT_FOUND", "Not found"),
    # query strings
    ("wait too long",              get(f"/v1/generations/{UNKNOWN_ID}?wait=61"), 400, INVALID, "wait must be a whole number from 0 to 60"),
    ("wait of letters",            get(f"/v1/generations/{UNKNOWN_ID}?wait=long"), 400, INVALID, "wait must be a whole number"),
    ("page of none",               get("/v1/generations?first=0"), 400, INVALID, "first must be a whole number from 1 to 100"),
    ("page of 101",                get("/v1/statement?first=101"), 400, INVALID, "first must be a whole number from 1 to 100"),
    ("cursor of others",           get("/v1/generations?after=../x"), 400, INVALID, "after"),
    ("cursor past bigint",         get("/v1/statement?after=99999999999999999999"), 400, INVALID, "after"),
    ("status unknown",             get("/v1/generations?status=done"), 400, INVALID, "status must be one of: processing"),
    ("moment unreadable",          get("/v1/generations?createdAfter=yesterday"), 400, INVALID, "createdAfter must be a moment"),
    ("moment out of range",        get("/v1/generations?createdBefore=9999-12-31T23:59:59-14:00"), 400, INVALID, "createdBefore"),
    ("filter with NUL",            get("/v1/deliveries?generation=%00"), 400, INVALID, "generation must not contain control"),
    # idempotency
    ("idempotency key empty",      text().having(Idempotency_Key='""'), 400, INVALID, "Idempotency-Key must be 1 to 255"),
    ("idempotency key long",       text().having(Idempotency_Key="k" * 256), 400, INVALID, "Idempotency-Key must be 1 to 255"),
    ("idempotency key of emoji",   text().having(Idempotency_Key=EMOJI), 400, INVALID, "Idempotency-Key must be 1 to 255"),
    ("one key, two submissions",   graphql("mutation M($i: GenerateVideoInput!) { a: generatevideo(input: $i) { id } b: generatevideo(input: $i) { id } }", {"i": FLAT}).having(Idempotency_Key="k"), 400, INVALID, "Idempotency-Key may be used with one"),
    # quotes
    ("quote unknown",              text(quoteId=UNKNOWN_ID), 409, "QUOTE_EXPIRED", "The quote has expired or is not known"),
    ("quote number",               text(quoteId=7), 400, INVALID, "quoteId must be a string"),
    ("quote of a bad request",     post("/v1/quotes", FLAT | {"duration": 3}), 400, INVALID, "duration must be a whole number"),
    # pictures
    ("no picture",                 post("/v1/image_to_video", {"service": "runway-i2v"}), 400, INVALID, "image is required"),
    ("picture number",             picture(image=5), 400, INVALID, "image must be a string"),
    ("picture ftp",                picture(image="ftp://example.com/a.png"), 400, REFUSED, "image must be an https:// URL, a data: URI"),
    ("picture of a file",          picture(image="file:///etc/passwd"), 400, REFUSED, "image must be an https:// URL"),
    ("picture of another's id",    picture(image=UNKNOWN_ID), 400, REFUSED, "image is not an upload of this account"),
    ("picture, empty data",        picture(image="data:image/png;base64,"), 400, REFUSED, "image must be a data: URI"),
    ("picture, bad base64",        picture(image="data:image/png;base64,%%%"), 400, REFUSED, "image must be a data: URI"),
    ("picture, data of text",      picture(image="data:text/html;base64,PGgxPg=="), 400, REFUSED, "image must be a data: URI"),
    ("picture, data not a picture", picture(image="data:image/png;base64,aGVsbG8gd29ybGQ="), 400, REFUSED, "image must be a complete JPEG"),
    ("picture from nobody",        picture(), 400, REFUSED, "image could not be fetched"),
    ("picture from private host",  picture(image="https://192.168.1.1/a.png"), 400, "ADDRESS_DENIED", "image points to an address"),
    ("imageUrl named as given",    post("/v1/image_to_video", {"service": "runway-i2v", "imageUrl": "nonsense"}), 400, REFUSED, "imageUrl must be an https:// URL"),
    ("upload empty",               upload(b""), 400, REFUSED, "body must be a complete JPEG"),
    ("upload of text",             upload(b"hello"), 400, REFUSED, "body must be a complete JPEG, PNG or WebP picture"),
    ("upload of half a picture",   upload(png()[:60]), 400, REFUSED, "body"),
    ("upload of a head alone",     upload(png()[:8]), 400, REFUSED, "body must be a complete JPEG"),
    ("upload of a bomb",           upload(bomb(60_000, 60_000)), 400, REFUSED, "body must be a picture with sides of 1 to 8000"),
    ("upload of a GIF",            upload(b"GIF89a" + b"\x00" * 100, "image/gif"), 400, REFUSED, "body must be a complete JPEG"),
    ("upload of SVG",              upload(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), 400, REFUSED, "body must be a complete"),
    ("upload of a page",           upload(b"<html>", "text/html"), 415, "UNSUPPORTED_MEDIA_TYPE", "image/png"),
    ("upload of 21 MB",            Request("POST", "/v1/uploads", None, {"Content-Type": "image/png"}, size=21 * MEGABYTE), 413, "PAYLOAD_TOO_LARGE", "20971520 bytes"),
    ("form without boundary",      upload(form(png()), "multipart/form-data"), 400, MALFORMED, "multipart form"),
    ("form of garbage",            upload(b"garbage", "multipart/form-data; boundary=B"), 400, "", ""),
    ("form of text",               upload(form(b"hello"), "multipart/form-data; boundary=B"), 400, REFUSED, "file must be a complete JPEG"),
    ("form named with controls",   upload(form(b"hello", "a\x01b"), "multipart/form-data; boundary=B"), 400, REFUSED, "must be a complete JPEG"),
    # GraphQL: the request
    ("query missing",              post("/graphql", {}), 400, INVALID, "query is required"),
    ("query number",               graphql(5), 400, INVALID, "query must be a string"),
    ("query empty",                graphql(""), 400, "GRAPHQL_INVALID", "Syntax Error"),
    ("variables of a list",        graphql("{ credits { available } }", []), 400, INVALID, "variables must be an object"),
    ("operationName number",       graphql("{ credits { available } }", operationName=5), 400, INVALID, "operationName must be a string"),
    ("operationName unknown",      graphql("query A { credits { available } }", operationName="B"), 400, "GRAPHQL_INVALID", "Unknown operation named 'B'"),
    ("batch",                      post("/graphql", [{"query": "{ credits { available } }"}] * 2), 400, MALFORMED, "one JSON object"),
    ("body not JSON",              post("/graphql", b"{ credits { available } }"), 400, MALFORMED, "not valid JSON"),
    ("body of application/graphql", post("/graphql", b"{ credits { available } }").having(Content_Type="application/graphql"), 415, "UNSUPPORTED_MEDIA_TYPE", "application/json"),
    ("GET without query",          get("/graphql").having(Accept="application/json"), 400, INVALID, "query is required"),
    ("GET of a mutation",          get("/graphql?query=mutation%7BcancelGeneration(id:%22a%22)%7Bid%7D%7D"), 405, "METHOD_NOT_ALLOWED", "allowed: POST"),
    ("GET with broken variables",  get("/graphql?query=%7B__typename%7D&variables=%7B"), 400, MALFORMED, "variables is not valid JSON"),
    ("answer wanted as XML",       graphql("{ credits { available } }").having(Accept="application/xml"), 406, "NOT_ACCEPTABLE", "application/json"),
    # GraphQL: the document
    ("syntax",                     graphql("{ credits { available }"), 400, "GRAPHQL_INVALID", "Syntax Error"),
    ("two operations, no name",    graphql("query A { credits { held } } query B { credits { held } }"), 400, "GRAPHQL_INVALID", "operationName"),
    ("field unknown",              graphql("{ creditz { available } }"), 400, "GRAPHQL_INVALID", "Cannot query field 'creditz'"),
    ("argument unknown",           graphql("{ generation(uid: 1) { id } }"), 400, "GRAPHQL_INVALID", "Unknown argument 'uid'"),
    ("argument missing",           graphql("{ generation { id } }"), 400, "GRAPHQL_INVALID", "id"),
    ("fragment of itself",         graphql(BUNDLE), 400, "GRAPHQL_INVALID", "Cannot spread fragment 'F' within itself"),
    ("subscription",               graphql("subscription { generation { id } }"), 400, "GRAPHQL_INVALID", "subscription"),
    ("too deep",                   graphql(DEEP), 400, "GRAPHQL_TOO_COMPLEX", "depth: 12"),
    ("too many aliases",           graphql(MANY.replace("a0:", "")), 400, "GRAPHQL_TOO_COMPLEX", "root fields: 20"),
    ("too many tokens",            graphql("{ " + "credits { held } " * 1400 + "}"), 400, "GRAPHQL_TOO_COMPLEX", "tokens: 4000"),
    ("too many directives",        graphql("{ credits { held " + "@include(if: true) " * 31 + "} }"), 400, "GRAPHQL_TOO_COMPLEX", "directives: 30"),
    ("document too long",          graphql("{ credits { held } } #" + "a" * 70_000), 400, "GRAPHQL_TOO_COMPLEX", "document bytes: 65536"),
    ("brackets 10,000 deep",       graphql("{a" * 10_000), 400, "GRAPHQL_TOO_COMPLEX", "tokens: 4000"),
    ("lists 1,900 deep",           graphql("{ generation(id: " + "[" * 1900 + "]" * 1900 + ") { id } }"), 400, "", ""),
    ("selections 900 deep",        graphql("{ a" * 900 + " }" * 900), 400, "", ""),
    # GraphQL: variables and values
    ("variable missing",           graphql(GENERATE, {}), 400, "GRAPHQL_INVALID", "Variable '$input' has invalid value"),
    ("variable of a list",         graphql(GENERATE, {"input": []}), 400, "GRAPHQL_INVALID", "input"),
    ("type unknown",               generate(type="AUDIO"), 400, "GRAPHQL_INVALID", "at .type"),
    ("input unknown",              generate(colour="red"), 400, "GRAPHQL_INVALID", "colour"),
    ("option unknown",             generate(options__colour="red"), 400, "GRAPHQL_INVALID", "colour"),
    ("option fraction",            generate(options__duration=5.5), 400, "GRAPHQL_INVALID", "at .options.duration"),
    ("option as text",             generate(options__duration="5"), 400, "GRAPHQL_INVALID", "at .options.duration"),
    ("option past Int",            generate(options__duration=2**31), 400, "GRAPHQL_INVALID", "at .options.duration"),
    ("option too large",           generate(options__duration=11), 400, INVALID, "input.options.duration must be a whole number from 5 to 10"),
    ("ratio unknown",              generate(options__aspectRatio="4:3"), 400, INVALID, "input.options.aspectRatio must be one of"),
    ("seed past the end",          generate(options__seed=2**32), 400, INVALID, "input.options.seed must be a whole number"),
    ("seed fraction",              generate(options__seed=1.5), 400, INVALID, "input.options.seed must be a whole number"),
    ("seed of a list",             generate(options__seed=[1]), 400, INVALID, "input.options.seed must be a whole number"),
    ("move unknown",               generate(options__motion={"camera": [{"move": "fly"}]}), 400, INVALID, "input.options.motion.camera[0].move must be one of"),
    ("text missing",               generate(input={}), 400, INVALID, "input.input.text is required"),
    ("text with NUL",              generate(input={"text": "a\x00"}), 400, INVALID, "input.input.text must not contain control"),
    ("text long",                  generate(input={"text": "a" * 1001}), 400, INVALID, "input.input.text must be text of 1 to 1000"),
    ("text, lone surrogate",       generate(input={"text": "\udc00"}), 400, MALFORMED, "not valid JSON"),
    ("surrogate in a literal",     graphql(r'mutation { generatevideo(input: {service: "runway", prompt: "\uD83D bear"}) { id } }'), 400, "GRAPHQL_INVALID", "Syntax Error"),
    ("NUL in a literal",           graphql(r'mutation { generatevideo(input: {service: "runway", prompt: "\u0000"}) { id } }'), 400, INVALID, "input.prompt must not contain control"),
    ("provider unknown",           generate(provider="sora"), 400, INVALID, "input.provider must be one of"),
    ("two webhooks that differ",   generate(webhookUrl="http://127.0.0.1/a", options__webhookUrl="http://127.0.0.1/b"), 400, INVALID, "input.options.webhookUrl differs"),
    ("webhook denied",             generate(webhookUrl="http://10.0.0.1/"), 400, "ADDRESS_DENIED", "input.webhookUrl points to"),
    ("animation without picture",  graphql(ANIMATE, {"input": {"service": "runway-i2v"}}), 400, "GRAPHQL_INVALID", "imageUrl"),
    ("animation of nothing",       graphql(ANIMATE, {"input": {"service": "runway-i2v", "imageUrl": ""}}), 400, INVALID, "input.imageUrl must be text"),
    ("flat and bad",               graphql(SUBMIT, {"input": FLAT | {"version": "gen-9"}}), 400, INVALID, "input.version must be one of"),
    ("no key",                     generate().with_key(""), 401, "UNAUTHENTICATED", "Missing or invalid API key"),
    ("id unknown",                 graphql('{ generation(id: "nothing") { id } }'), 404, "NOT_FOUND", "Not found"),
    ("page of 101",                graphql("{ generations(first: 101) { nodes { id } } }"), 400, INVALID, "first must be a whole number from 1 to 100"),
    ("status unknown",             graphql('{ generations(filter: {status: "done"}) { nodes { id } } }'), 400, INVALID, "filter.status must be one of"),
    # keys and endpoints
    ("key without name",           post("/v1/keys", {}), 400, INVALID, "name is required"),
    ("key with empty name",        post("/v1/keys", {"name": "  "}), 400, INVALID, "name must be text of 1 to 100"),
    ("key named with NUL",         post("/v1/keys", {"name": "a\x00"}), 400, INVALID, "name must not contain control"),
    ("key of unknown scope",       post("/v1/keys", {"name": "a", "scopes": ["everything"]}), 400, INVALID, "scopes must be one of"),
    ("key of no scope",            post("/v1/keys", {"name": "a", "scopes": []}), 400, INVALID, "scopes must be one of"),
    ("scopes as text",             post("/v1/keys", {"name": "a", "scopes": "account:read"}), 400, INVALID, "scopes must be a list"),
    ("key that has expired",       post("/v1/keys", {"name": "a", "expiresAt": "2020-01-01T00:00:00Z"}), 400, INVALID, "expiresAt must be in the future"),
    ("key with unknown word",      post("/v1/keys", {"name": "a", "admin": True}), 400, INVALID, "admin is not a parameter"),
    ("rotate unknown key",         post(f"/v1/keys/{UNKNOWN_ID}/rotate", {}), 404, "NOT_FOUND", "Not found"),
    ("overlap too long",           post(f"/v1/keys/{UNKNOWN_ID}/rotate", {"overlapSeconds": 10**9}), 400, INVALID, "overlapSeconds must be a whole number"),
    ("budget of nothing",          body("PATCH", f"/v1/keys/{UNKNOWN_ID}", {"monthlyBudget": 0}), 400, INVALID, "monthlyBudget must be a whole number from 1"),
    ("key renamed to nothing",     body("PATCH", f"/v1/keys/{UNKNOWN_ID}", {"name": 7}), 400, INVALID, "name must be a string"),
    ("change of unknown key",      body("PATCH", f"/v1/keys/{UNKNOWN_ID}", {"name": "a"}), 404, "NOT_FOUND", "Not found"),
    ("alerts without thresholds",  body("PUT", "/v1/credits/alerts", {}), 400, INVALID, "thresholds must be a list of whole numbers"),
    ("alert below 1",              body("PUT", "/v1/credits/alerts", {"thresholds": [0]}), 400, INVALID, "thresholds must be a whole number from 1"),
    ("too many alerts",            body("PUT", "/v1/credits/alerts", {"thresholds": [1, 2, 3, 4, 5, 6]}), 400, INVALID, "thresholds"),
    ("delete unknown generation",  Request("DELETE", f"/v1/generations/{UNKNOWN_ID}"), 404, "NOT_FOUND", "Not found"),
    ("disable without the scope",  Request("POST", f"/v1/accounts/{UNKNOWN_ID}/disable"), 403, "FORBIDDEN", "accounts:write"),
    ("refund without the scope",   post(f"/v1/accounts/{UNKNOWN_ID}/refunds", {}), 403, "FORBIDDEN", "accounts:write"),
    ("endpoint without URL",       post("/v1/webhook_endpoints", {}), 400, INVALID, "url is required"),
    ("endpoint denied",            endpoint(url="http://[fe80::1]/"), 400, "ADDRESS_DENIED", "url points to"),
    ("endpoint, event unknown",    endpoint(events=["generation.exploded"]), 400, INVALID, "events"),
    ("endpoint of no events",      endpoint(events=[]), 400, INVALID, "events"),
    ("description long",           endpoint(description="a" * 201), 400, INVALID, "description must be text of 0 to 200"),
    ("enabled as text",            body("PATCH", f"/v1/webhook_endpoints/{UNKNOWN_ID}", {"isEnabled": "yes"}), 400, INVALID, "isEnabled must be true or false"),
    ("resend without a span",      post("/v1/deliveries/resend", {}), 400, INVALID, "since is required"),
    ("resend unknown",             post(f"/v1/deliveries/{UNKNOWN_ID}/resend", {}), 404, "NOT_FOUND", "Not found"),
]

SLOVENIAN: list[Row] = [
    ("duration",    text(duration=11), 400, INVALID, "duration mora biti celo število od 5 do 10."),
    ("no prompt",   without("prompt"), 400, INVALID, "prompt je obvezen."),
    ("ratio",       generate(options__aspectRatio="4:3"), 400, INVALID, "mora biti ena od vrednosti: 16:9, 9:16, 1:1."),
    ("no key",      text().with_key(""), 401, "UNAUTHENTICATED", "Ključ API manjka ali ni veljaven"),
    ("unknown id",  get(f"/v1/generations/{UNKNOWN_ID}"), 404, "NOT_FOUND", "Ni najdeno"),
    ("unknown",     text(barva="rdeča"), 400, INVALID, "barva ni parameter te zahteve."),
    ("method",      get("/v1/text_to_video"), 405, "METHOD_NOT_ALLOWED", "Metoda ni dovoljena; dovoljeno: POST"),
    ("media type",  text().having(Content_Type="text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type mora biti"),
    ("no upload",   upload(b"x"), 400, REFUSED, "body mora biti cela slika JPEG, PNG ali WebP."),
    ("document",    graphql("{"), 400, "GRAPHQL_INVALID", "Zahteva GraphQL ni veljavna"),
]
# fmt: on

COUNTED = ("generation", "hold", "ledger_transfer", "idempotency", "quote", "upload", "api_key", "endpoint", "delivery")


@pytest.fixture(scope="module")
def customer(system: System) -> Customer:
    return system.customer(credits=5000)


def everything_kept(system: System, customer: Customer) -> dict[str, Any]:
    """Rows, balance and counters of the account."""
    counts = ", ".join(f"(SELECT count(*) FROM {name} WHERE account_id = $1) AS {name}" for name in COUNTED)
    query = f"""
        SELECT {counts}, b.available, b.held, u.window_counts, u.day_count, u.slots_used, u.backlog
        FROM ledger_balance b JOIN account_usage u USING (account_id) WHERE account_id = $1
    """
    return system.operator.fetch(query, customer.account_id)[0]


@pytest.fixture
def nothing_changes(system: System, customer: Customer) -> Iterator[None]:
    before = everything_kept(system, customer)
    assert (before["available"], before["generation"]) == (5000, 0)
    yield
    assert everything_kept(system, customer) == before


def names(rows: list[Row]) -> list[str]:
    return [title.replace(" ", "_") for title, *_ in rows]


def check(answer: Answer, status: int, code: str, says: str) -> None:
    assert answer.status == status, answer.body[:500]
    assert answer.headers["content-type"].split(";")[0] in ("application/json", "application/graphql-response+json")
    error = answer.error
    assert says in error["message"]
    assert error["extensions"]["code"] == code or not code
    assert len(answer.body) < 5000  # what was sent does not come back
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
    if status == 405:
        assert answer.headers["allow"]
    if code == INVALID:
        assert error["extensions"]["parameter"] in error["message"]


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("title", "request_", "status", "code", "says"), ROWS, ids=names(ROWS))
def test_a_bad_request(
    system: System, customer: Customer, title: str, request_: Request, status: int, code: str, says: str
) -> None:
    check(send(system.url, request_, customer.key), status, code, says)


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(("title", "request_", "status", "code", "says"), SLOVENIAN, ids=names(SLOVENIAN))
def test_the_same_in_slovenian(
    system: System, customer: Customer, title: str, request_: Request, status: int, code: str, says: str
) -> None:
    asked = request_.having(Accept_Language="sl-SI, en;q=0.5")
    check(send(system.url, asked, customer.key), status, code, says)


def test_the_table_is_as_long_as_promised() -> None:
    print(f"{len(ROWS)} bad requests in English, {len(SLOVENIAN)} in Slovenian")
    assert len(ROWS) >= 80


@pytest.mark.usefixtures("nothing_changes")
def test_a_body_without_a_length_is_bounded_too(system: System, customer: Customer) -> None:
    """Chunked, so that the server learns the size only as it arrives."""
    host, port = system.url.removeprefix("http://").split(":")
    head = (
        "POST /v1/text_to_video HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"X-API-Key: {customer.key}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with socket.create_connection((host, int(port)), 30) as connection:
        connection.sendall(head.encode())
        sent = 0
        try:
            for _ in range(9 * MEGABYTE // 0x10000):
                connection.sendall(piece)
                sent += 0x10000
        except OSError:
            pass  # the server has said its word and closed
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert sent >= 8 * MEGABYTE - 0x10000


GOOD = [
    ("1,000 characters", text(prompt="a" * 1000)),
    ("emoji", text(prompt=f"A bear {EMOJI} " + "\U0001f43b" * 900)),
    ("right to left", text(prompt=f"דוב על החוף {RTL}")),
    ("any language", text(prompt="Medved čšž на пляже 海辺の熊")),
    ("lines and tabs", text(prompt="A bear\n\ton a beach\r\n")),
    ("the last seed", text(seed=2**32 - 1)),
    ("null for absent", text(duration=None, webhookUrl=None, motion=None)),
    ("a key of 255 characters", text().having(Idempotency_Key="k" * 255)),
    ("JSON with its charset", text().having(Content_Type='application/json; charset="UTF-8"')),
    ("the last seed in GraphQL", generate(options__seed=2**32 - 1)),
]


@pytest.mark.parametrize(("title", "request_"), GOOD, ids=[title.replace(" ", "_") for title, _ in GOOD])
def test_just_inside_the_bounds_is_accepted(system: System, title: str, request_: Request) -> None:
    """So that the table above cannot pass by refusing everything."""
    customer = system.customer(credits=100)
    answer = send(system.url, request_, customer.key)
    assert answer.status == 200, answer.body
    assert everything_kept(system, customer)["generation"] == 1
