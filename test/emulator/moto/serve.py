"""Serves moto until standard input ends.

The Go side holds the other end of standard input, so this process ends with the
process that started it, however that one ends (a panic, SIGKILL, a test
time-out), and no port, process id or signal can hit something else. The kernel
chooses the port; it is the first line of standard output.
"""

import functools
import os
import sys
import threading


def end_with_parent():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()

from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

from moto import __version__, backends  # noqa: E402
from moto.core import responses  # noqa: E402
from moto.core.serialize import XFormedAttributePicker  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    create_backend_app,
)

# Answers to the Go SDK's kept-alive connections need HTTP/1.1 framing, and
# werkzeug's default of HTTP/1.0 would open a connection for every call.
WSGIRequestHandler.protocol_version = "HTTP/1.1"

# Many tests wait for this one process: it writes no line for each request (errors are
# written), and works out once what does not change, instead of at each request: the
# methods of a class, moto's services, and under which names a class may have what a
# member of an answer is made of.
WSGIRequestHandler.log_request = lambda *_: None
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
services = frozenset(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: services


# All pickers have the same rules; the names depend on nothing else that a request changes.
def names_once(work_out):
    known = {}

    def names(picker, context):
        at = (type(context.obj), context.shape, context.key)
        if at not in known:
            known[at] = tuple(work_out(picker, context))
        return known[at]

    return names


XFormedAttributePicker.get_possible_keys = names_once(
    XFormedAttributePicker.get_possible_keys
)

server = make_server(
    "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True
)
port = server.server_address[1]
os.environ["MOTO_PORT"] = str(port)
print(port, __version__, flush=True)
server.serve_forever()
