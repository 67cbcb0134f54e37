"""Serves moto until standard input ends.

The Go side holds the other end of standard input, so this process ends with the
process that started it, however that one ends (a panic, SIGKILL, a test
time-out), and no port, process id or signal can hit something else. The kernel
chooses the port; it is the first line of standard output.
"""

import functools
import gc
import logging
import os
import sys
import threading


def end_with_parent():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()

from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from waitress.server import create_server  # noqa: E402

from moto import __version__, backends  # noqa: E402
from moto.core import responses, utils  # noqa: E402
from moto.core.serialize import (  # noqa: E402
    AttributePickerContext,
    ResponseSerializer,
    XFormedAttributePicker,
)
from moto.core.utils import MISSING, get_value  # noqa: E402
from moto.dynamodb.models.dynamo_type import DynamoType  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    create_backend_app,
)
from moto.utilities import utils as resources  # noqa: E402

# Many tests wait for this one process: it works out once what does not change, instead of
# at each request: the methods of a class, moto's services, which of them a host's name
# means, and the description of a service.
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
services = frozenset(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: services
DomainDispatcherApplication.get_backend_for_host = functools.cache(
    DomainDispatcherApplication.get_backend_for_host
)
utils._load_service_model = functools.cache(utils._load_service_model)


# Where a member of an answer is found in what it is made of: the names that moto's
# rules give for it, which depend on nothing that a request changes.
def pick_once(work_out):
    known = {}

    def pick(serializer, value, key, shape):
        picker = serializer._value_picker
        if type(picker) is not XFormedAttributePicker:
            return work_out(serializer, value, key, shape)
        for path in picker.response_transformers:
            if path.endswith(key) or key.endswith(path):  # it may be meant
                return work_out(serializer, value, key, shape)
        at = (type(value), shape, key)
        names = known.get(at)
        if names is None:
            context = AttributePickerContext(obj=value, key=key, shape=shape)
            names = known[at] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
        if type(value) is dict:
            for name in names:
                if name in value:
                    return value[name]
            return None
        for name in names:
            found = get_value(value, name, MISSING)
            if found is not MISSING:
                return found
        return None

    return pick


ResponseSerializer.get_value = pick_once(ResponseSerializer.get_value)

# A new account in a Region has Amazon's images, without those for ECS, which are most.
# (moto's part for EC2 takes the function over when it is loaded, at its first call.)
load = resources.load_resource
resources.load_resource = lambda package, path: (
    [] if "/ecs/optimized_amis/" in path else load(package, path)
)


# The size of an item's part, added up without making each part anew, as moto would for
# every attribute that is written and every item that is read.
def size(part):
    if not isinstance(part, DynamoType):
        return len(str(part))
    if isinstance(part.value, dict):
        return sum(len(name) + size(value) for name, value in part.value.items())
    if isinstance(part.value, list):
        return sum(map(size, part.value))
    return len(str(part.value))


DynamoType.size = size

# Keys are never used to encrypt here: all have the same key material.
rsa.generate_private_key = functools.cache(rsa.generate_private_key)

# What is loaded by now is not looked through for garbage again, and the rest more rarely.
gc.freeze()
gc.set_threshold(20000, 20, 20)

logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # calls may wait

# moto's own server opens a connection and a thread for every call. One thread answers:
# Python would not let several compute at once.
server = create_server(
    DomainDispatcherApplication(create_backend_app),
    host="127.0.0.1",
    port=0,
    threads=1,
    connection_limit=10000,
    channel_timeout=86400,  # the kept connection of a client that waits for its processor
    asyncore_use_poll=True,
    ident=None,
)
os.environ["MOTO_PORT"] = str(server.effective_port)
print(server.effective_port, __version__, flush=True)
server.run()
