"""A client of the API that knows no generated code: it asks the server what there is.

Message classes are built from the descriptors that gRPC server reflection gives. Only the reflection service itself
is described here, by hand."""

from typing import Any, Dict, Iterator, List, Optional

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

_REFLECTION = "grpc.reflection.v1alpha"


class CallFailed(AssertionError):
    """A call was refused: `code` is the gRPC status' name, `message` its text, `violations` fields and rules."""

    def __init__(self, method: str, code: str, message: str, violations: Dict[str, str]):
        super().__init__(f"{method}: {code}: {message} {violations or ''}")
        self.code = code
        self.message = message
        self.violations = violations


class ReflectedApi:
    """The API at `address`. Use as a context manager."""

    def __init__(self, address: str):
        self._channel = grpc.insecure_channel(address)
        self._pool = descriptor_pool.DescriptorPool()
        self._pool.Add(_reflection_file())
        self._reflect = self._channel.stream_stream(
            f"/{_REFLECTION}.ServerReflection/ServerReflectionInfo",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=self.message_class(f"{_REFLECTION}.ServerReflectionResponse").FromString)

    def __enter__(self) -> "ReflectedApi":
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def services(self) -> List[str]:
        """The full names of what the server serves."""
        answer = self._ask(list_services="*")
        return [service.name for service in answer.list_services_response.service]

    def message_class(self, name: str) -> type:
        """The class of the message with this full name, which `load` or a hand has described."""
        descriptor = self._pool.FindMessageTypeByName(name)
        if hasattr(message_factory, "GetMessageClass"):  # Protobuf 4.22 and newer.
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory(self._pool).GetPrototype(descriptor)

    def load(self, symbol: str) -> None:
        """Learns what `symbol`, the full name of a service or message, needs."""
        answer = self._ask(file_containing_symbol=symbol)
        assert answer.HasField("file_descriptor_response"), answer
        files = {}
        for content in answer.file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(content)
            files[file.name] = file

        def add(name: str) -> None:
            if self._knows(name):
                return
            if name not in files:
                files[name] = self._file(name)
            for dependency in files[name].dependency:
                add(dependency)
            self._pool.Add(files[name])
        for name in list(files):
            add(name)

    def call(self, method: str, request: Dict[str, Any], seconds: float = 30) -> Dict[str, Any]:
        """Calls e.g. "binferry.v1.TaskService.GetTask" with the JSON form of its request; the answer's JSON form.

        CallFailed unless its status is OK."""
        descriptor = self._method(method)
        call = self._channel.unary_unary(
            self._path(method), request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.message_class(descriptor.output_type.full_name).FromString)
        try:
            return _json(call(self._request(descriptor, request), timeout=seconds))
        except grpc.RpcError as error:
            raise self._failure(method, error) from None

    def stream(self, method: str, request: Dict[str, Any], seconds: float = 60) -> Iterator[Dict[str, Any]]:
        """The answers of a streaming call; it is cancelled when the caller takes no more."""
        descriptor = self._method(method)
        answers = self._channel.unary_stream(
            self._path(method), request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.message_class(descriptor.output_type.full_name).FromString)(
                self._request(descriptor, request), timeout=seconds)
        try:
            for answer in answers:
                yield _json(answer)
        except grpc.RpcError as error:
            raise self._failure(method, error) from None
        finally:
            answers.cancel()

    def _request(self, descriptor: Any, request: Dict[str, Any]) -> Message:
        return json_format.ParseDict(request, self.message_class(descriptor.input_type.full_name)())

    def _method(self, method: str) -> Any:
        return self._pool.FindMethodByName(method)

    @staticmethod
    def _path(method: str) -> str:
        service, _, name = method.rpartition(".")
        return f"/{service}/{name}"

    def _knows(self, file: str) -> bool:
        try:
            self._pool.FindFileByName(file)
            return True
        except KeyError:
            return False

    def _file(self, name: str) -> descriptor_pb2.FileDescriptorProto:
        answer = self._ask(file_by_filename=name)
        for content in answer.file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(content)
            if file.name == name:
                return file
        raise AssertionError(f"the server does not describe {name}: {answer}")

    def _ask(self, **question: str) -> Any:
        request = self.message_class(f"{_REFLECTION}.ServerReflectionRequest")(**question)
        return next(self._reflect(iter([request]), timeout=10))

    def _failure(self, method: str, error: grpc.RpcError) -> CallFailed:
        """With the google.rpc.BadRequest that the trailer carries, read as our own message of the same shape."""
        violations: Dict[str, str] = {}
        details: Optional[bytes] = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        if details:
            if not self._knows("binferry/v1/error_details.proto"):
                self.load("binferry.v1.BadRequest")
            status = self.message_class("binferry.v1.Status").FromString(details)
            for detail in status.details:
                if detail.type_url.endswith("google.rpc.BadRequest"):
                    bad = self.message_class("binferry.v1.BadRequest").FromString(detail.value)
                    violations.update({v.field: v.description for v in bad.field_violations})
        return CallFailed(method, error.code().name, error.details(), violations)


def _json(message: Message) -> Dict[str, Any]:
    return json_format.MessageToDict(message)


def _reflection_file() -> descriptor_pb2.FileDescriptorProto:
    """grpc/reflection/v1alpha/reflection.proto, as far as it is needed."""
    file = descriptor_pb2.FileDescriptorProto(name="by_hand/reflection.proto", package=_REFLECTION, syntax="proto3")
    text, content, number, part = (
        descriptor_pb2.FieldDescriptorProto.TYPE_STRING, descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
        descriptor_pb2.FieldDescriptorProto.TYPE_INT32, descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE)
    one, many = (descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
                 descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED)
    messages = {
        "ServerReflectionRequest": [("host", 1, text, one, ""), ("file_by_filename", 3, text, one, ""),
                                    ("file_containing_symbol", 4, text, one, ""), ("list_services", 7, text, one, "")],
        "FileDescriptorResponse": [("file_descriptor_proto", 1, content, many, "")],
        "ServiceResponse": [("name", 1, text, one, "")],
        "ListServiceResponse": [("service", 1, part, many, "ServiceResponse")],
        "ErrorResponse": [("error_code", 1, number, one, ""), ("error_message", 2, text, one, "")],
        "ServerReflectionResponse": [("file_descriptor_response", 4, part, one, "FileDescriptorResponse"),
                                     ("list_services_response", 6, part, one, "ListServiceResponse"),
                                     ("error_response", 7, part, one, "ErrorResponse")],
    }
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field_name, field_number, kind, label, type_name in fields:
            field = message.field.add(name=field_name, number=field_number, type=kind, label=label)
            if type_name:
                field.type_name = f".{_REFLECTION}.{type_name}"
            elif label == one and name == "ServerReflectionRequest" and field_name != "host":
                field.oneof_index = 0
        if name == "ServerReflectionRequest":
            message.oneof_decl.add(name="message_request")
    return file
