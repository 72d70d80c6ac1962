"""What a connection does, request by request, by a clock that goes as the tests tell it."""

import json
import os

import pytest

if os.name != "posix":
    pytest.skip("serve runs on POSIX systems", allow_module_level=True)

from synvec.server import protocol
from synvec.server.settings import Settings
from wire import CHUNKED, GET, LENGTH, POST, Transport, Wire, on_the_wire, settled


class TestDeadlines:
    @pytest.mark.parametrize(
        ("sent", "seconds", "what"),
        [
            (b"", 10, "headers"),
            (b"GET / HT", 10, "headers"),
            (POST + b"X: ", 10, "headers"),
            (LENGTH, 30, "body"),
            (LENGTH + b"123", 30, "body"),
            (CHUNKED + b"1\r\n ", 30, "body"),
            (CHUNKED + b"1\r\n \r\n0\r\nX: ", 30, "body"),
        ],
    )
    def test_each_is_kept_to_the_second(self, sent: bytes, seconds: float, what: str) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(sent)
            wire.loop.go_on(seconds - 0.001)
            assert (wire.transport.written, wire.transport.is_closed) == (b"", False)
            wire.loop.go_on(0.001)
            assert (wire.statuses, wire.transport.is_closed) == ([408], True)
            head, _, body = wire.transport.written.partition(b"\r\n\r\n")
            assert b"\r\nconnection: close" in head
            assert f"\r\ncontent-length: {len(body)}\r\n".encode() in head
            assert json.loads(body)["error"] == {
                "type": "too_slow", "message": f"the {what} of the request did not arrive in time",
            }  # fmt: skip
            assert wire.refused(f"slow_{what}")

        on_the_wire(test)

    def test_bytes_that_drip_in_make_none_longer(self) -> None:
        async def test(wire: Wire) -> None:
            for part in (b"GET / HTTP/1.1\r\n", b"X", b": ", b"y"):
                await wire.send(part)
                wire.loop.go_on(2.5)
            assert wire.statuses == [408]

        on_the_wire(test)

    def test_the_body_s_begins_when_the_headers_are_there(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(LENGTH[:-2])
            wire.loop.go_on(9)
            await wire.send(LENGTH[-2:])
            wire.loop.go_on(29)
            await wire.send(b"1234")
            assert wire.statuses == [200]

        on_the_wire(test)

    def test_while_it_is_our_turn_there_is_none(self) -> None:
        async def test(wire: Wire) -> None:
            wire.may_answer.clear()
            await wire.send(GET)
            wire.loop.go_on(1000)
            wire.may_answer.set()
            await settled()
            assert (wire.statuses, wire.transport.is_closed) == ([200], False)

        on_the_wire(test)

    def test_empty_lines_after_an_answer_begin_one(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET)
            await wire.send(b"\r\n")  # which ends the time that a connection may be idle
            for _ in range(4):
                wire.loop.go_on(2)
                await wire.send(b"\r\n")
            wire.loop.go_on(2)
            assert (wire.statuses, wire.transport.is_closed) == ([200, 408], True)

        on_the_wire(test)

    def test_one_that_has_begun_does_not_outlive_its_request(self) -> None:
        async def test(wire: Wire) -> None:
            for _ in range(3):
                await wire.send(GET[:9])
                wire.loop.go_on(9)
                await wire.send(GET[9:])
                wire.loop.go_on(9)
            assert (wire.statuses, wire.transport.is_closed) == ([200] * 3, False)

        on_the_wire(test)

    def test_a_request_that_begins_while_another_is_answered_has_one(self) -> None:
        async def test(wire: Wire) -> None:
            wire.may_answer.clear()
            await wire.send(GET + GET[:9])
            wire.loop.go_on(5)
            wire.may_answer.set()
            await settled()
            wire.loop.go_on(4.9)
            assert (wire.statuses, wire.transport.is_closed) == ([200], False)
            wire.loop.go_on(0.2)
            assert (wire.statuses, wire.transport.is_closed) == ([200, 408], True)

        on_the_wire(test)

    def test_a_connection_that_does_not_end_is_cut(self) -> None:
        async def test(wire: Wire) -> None:
            wire.loop.go_on(10)
            assert (wire.transport.is_closed, wire.transport.is_cut) == (True, False)
            wire.loop.go_on(protocol.CLOSING_SECONDS)
            assert wire.transport.is_cut

        on_the_wire(test)

    def test_what_comes_after_the_end_is_not_looked_at(self) -> None:
        async def test(wire: Wire) -> None:
            wire.loop.go_on(10)
            await wire.send(GET)
            assert (wire.statuses, wire.asked) == ([408], [])

        on_the_wire(test)


class TestSizes:
    def test_headers_of_the_largest_size_and_a_byte_more(self) -> None:
        async def test(wire: Wire, size: int, statuses: list[int]) -> None:
            rest = protocol.HEADER_BYTES - len(GET) - len(b"X: \r\n") + size
            await wire.send(GET[:-2] + b"X: " + b"x" * (rest - 10))
            await wire.send(b"x" * 10)
            assert wire.statuses == []
            await wire.send(b"\r\n")
            await wire.send(b"\r\n")
            assert wire.statuses == statuses

        on_the_wire(lambda wire: test(wire, 2, [200]))
        on_the_wire(lambda wire: test(wire, 3, [431]))

    def test_those_that_are_whole_are_not_counted_again_while_a_body_is_waited_for(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(LENGTH[:-2] + b"X: ")
            await wire.send(b"x" * (protocol.HEADER_BYTES - len(LENGTH) - 1))
            await wire.send(b"\r\n\r\n")
            await wire.send(b"1")
            await wire.send(b"234")
            assert wire.statuses == [200]

        on_the_wire(test)

    def test_too_large_ones_are_counted_and_end_the_connection(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET[:-2] + b"X: " + b"x" * protocol.HEADER_BYTES)
            assert (wire.statuses, wire.transport.is_closed) == ([431], True)
            assert wire.refused("headers_too_large")

        on_the_wire(test)

    def test_each_request_of_a_connection_has_its_own(self) -> None:
        async def test(wire: Wire) -> None:
            half = GET[:-2] + b"X: " + b"x" * (protocol.HEADER_BYTES // 2) + b"\r\n"
            for _ in range(5):
                await wire.send(half)
                await wire.send(b"\r\n")
            assert wire.statuses == [200] * 5

        on_the_wire(test)

    def test_that_of_the_second_is_no_larger(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET)
            await wire.send(GET[:-2] + b"X: ")
            await wire.send(b"x" * (protocol.HEADER_BYTES + 1))
            assert wire.statuses == [200, 431]

        on_the_wire(test)

    def test_a_body_is_no_header(self) -> None:
        async def test(wire: Wire) -> None:
            part = b"x" * protocol.HEADER_BYTES
            await wire.send(POST + b"Content-Length: %d\r\n\r\n" % (3 * len(part)))
            for _ in range(3):
                await wire.send(part)
            await wire.send(CHUNKED)
            for _ in range(3):
                await wire.send(b"%x\r\n" % len(part))
                await wire.send(part)
                await wire.send(b"\r\n")
            await wire.send(b"0\r\n\r\n")
            assert wire.statuses == [200, 200]

        on_the_wire(test)

    @pytest.mark.parametrize("trailer", [b"x" * 1000, b"X: yyyy\r\n" * 100])
    def test_trailers_have_that_of_headers(self, trailer: bytes) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(CHUNKED + b"2\r\n{}\r\n0\r\nX: ")
            sent = 0
            while not wire.transport.is_closed:
                await wire.send(trailer)
                sent += len(trailer)
                assert sent <= protocol.HEADER_BYTES + len(trailer)
            assert wire.statuses == [431]

        on_the_wire(test)

    def test_trailers_that_are_whole_are_no_longer_counted(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(CHUNKED + b"2\r\n{}\r\n0\r\nX: ")
            await wire.send(b"x" * (protocol.HEADER_BYTES - 1))
            await wire.send(b"\r\n\r\n")
            assert wire.statuses == [200]

        on_the_wire(test)

    def test_trailers_are_no_headers(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(CHUNKED + b"2\r\n{}\r\n0\r\nHost: evil\r\n\r\n" + GET)
            assert wire.statuses == [200, 200]
            assert [dict(scope["headers"])[b"host"] for scope in wire.asked] == [b"localhost"] * 2

        on_the_wire(test)

    def test_connections_up_to_the_limit(self) -> None:
        async def test(wire: Wire) -> None:
            transports = [Transport() for _ in range(2)]
            others = [wire.open(transport) for transport in transports]
            assert [each.is_closed for each in transports] == [False, True]
            answer = transports[1].written
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: 1\r\n" in answer
            assert b'"type": "busy"' in answer
            assert wire.refused("connections")
            for each in others:
                each.connection_lost(None)
            after = Transport()
            wire.open(after).connection_lost(None)
            assert after.written == b""

        on_the_wire(test, settings=Settings(max_connections=2))


class TestOrder:
    def test_requests_sent_at_once_are_answered_one_after_another(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n" + LENGTH + b"1234")
            assert wire.statuses == [200] * 3
            assert [scope["path"] for scope in wire.asked] == ["/a", "/b", "/"]

        on_the_wire(test)

    def test_no_refusal_stands_in_the_middle_of_an_answer(self) -> None:
        async def test(wire: Wire) -> None:
            wire.may_answer.clear()
            await wire.send(GET)
            wire.connection.cycle.response_started = True
            await wire.send(b"garbage\r\n\r\n")
            assert (wire.statuses, wire.transport.is_closed) == ([], True)
            wire.may_answer.set()

        on_the_wire(test)

    def test_a_body_that_was_answered_early_gets_no_second_answer(self) -> None:
        async def test(wire: Wire) -> None:
            wire.reads_body = False  # as of one that is too large
            await wire.send(LENGTH + b"12")
            assert wire.statuses == [200]
            wire.loop.go_on(30)
            await settled()
            assert (wire.statuses, wire.transport.is_closed) == ([200], True)
            assert wire.refused("slow_body")

        on_the_wire(test)

    def test_after_a_body_that_was_answered_early_the_next_one_is_told(self) -> None:
        async def test(wire: Wire) -> None:
            wire.reads_body = False
            await wire.send(LENGTH + b"12")
            await wire.send(b"34")
            await wire.send(b"GET / HT")
            wire.loop.go_on(10)
            await settled()
            assert wire.statuses == [200, 408]

        on_the_wire(test)

    @pytest.mark.parametrize("before", [b"", GET])
    def test_what_is_not_http(self, before: bytes) -> None:
        async def test(wire: Wire) -> None:
            if before:
                await wire.send(before)
            await wire.send(b"garbage\r\n\r\n")
            assert (wire.statuses[-1], wire.transport.is_closed) == (400, True)
            assert b'"type": "invalid_http"' in wire.transport.written
            assert wire.refused("not_http")

        on_the_wire(test)


class TestIdle:
    def test_a_connection_is_kept_for_a_while(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET)
            wire.loop.go_on(59.9)
            assert not wire.transport.is_closed
            await wire.send(GET)
            wire.loop.go_on(60)
            assert (wire.statuses, wire.transport.is_closed) == ([200, 200], True)
            assert not wire.transport.is_cut
            wire.loop.go_on(protocol.CLOSING_SECONDS)
            assert wire.transport.is_cut

        on_the_wire(test)

    def test_a_client_that_takes_nothing_is_cut(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET)
            wire.connection.pause_writing()
            wire.loop.go_on(15)
            wire.connection.pause_writing()  # that it is said again is no new beginning
            wire.loop.go_on(4.9)
            assert not wire.transport.is_closed
            wire.loop.go_on(0.2)
            assert wire.transport.is_cut
            assert wire.refused("slow_reader")

        on_the_wire(test)

    def test_a_client_that_takes_some_has_its_time_again(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET)
            for _ in range(3):
                wire.connection.pause_writing()
                wire.loop.go_on(12)
                wire.connection.resume_writing()
            wire.connection.pause_writing()
            wire.loop.go_on(19)
            assert not wire.transport.is_cut
            wire.loop.go_on(1)
            assert wire.transport.is_cut

        on_the_wire(test)

    def test_of_a_client_that_left_no_clock_goes_on(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET + GET[:9])
            wire.connection.pause_writing()

        on_the_wire(test)


class TestStopping:
    def test_an_idle_connection_stays_a_moment_for_what_is_on_its_way(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET)
            wire.connection.shutdown()
            wire.loop.go_on(protocol.LINGERING_SECONDS - 0.01)
            assert not wire.transport.is_closed
            await wire.send(GET)
            assert (wire.statuses, wire.transport.is_closed) == ([200, 200], True)
            assert b"connection: close" in wire.transport.written

        on_the_wire(test)

    def test_then_it_is_closed(self) -> None:
        async def test(wire: Wire) -> None:
            wire.connection.shutdown()
            wire.loop.go_on(protocol.LINGERING_SECONDS)
            assert (wire.statuses, wire.transport.is_closed) == ([], True)

        on_the_wire(test)

    def test_half_a_request_is_closed_then_too_and_told_nothing_later(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET[:9])
            wire.connection.shutdown()
            wire.loop.go_on(protocol.LINGERING_SECONDS)
            assert wire.transport.is_closed
            wire.loop.go_on(10)
            assert wire.statuses == []

        on_the_wire(test)

    def test_a_request_under_way_is_answered_and_is_the_last(self) -> None:
        async def test(wire: Wire) -> None:
            wire.may_answer.clear()
            await wire.send(GET)
            wire.connection.shutdown()
            wire.loop.go_on(100)
            assert not wire.transport.is_closed
            wire.may_answer.set()
            await settled()
            assert (wire.statuses, wire.transport.is_closed) == ([200], True)

        on_the_wire(test)

    def test_one_that_came_in_that_moment_is_not_cut_by_its_end(self) -> None:
        async def test(wire: Wire) -> None:
            wire.connection.shutdown()
            wire.may_answer.clear()
            await wire.send(GET)
            wire.loop.go_on(protocol.LINGERING_SECONDS)
            assert not wire.transport.is_closed
            wire.may_answer.set()
            await settled()
            assert (wire.statuses, wire.transport.is_closed) == ([200], True)

        on_the_wire(test)

    def test_a_connection_that_is_accepted_late_is_answered_once(self) -> None:
        async def test(wire: Wire) -> None:
            await wire.send(GET)
            assert (wire.statuses, wire.transport.is_closed) == ([200], True)

        on_the_wire(test, is_stopping=True)
        on_the_wire(lambda wire: closes_unasked(wire), is_stopping=True)


async def closes_unasked(wire: Wire) -> None:
    wire.loop.go_on(protocol.LINGERING_SECONDS)
    assert (wire.statuses, wire.transport.is_closed) == ([], True)
