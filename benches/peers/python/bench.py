"""The workloads of benches/README.md for gevent and eventlet: bench.py LIBRARY WORKLOAD N, LIBRARY echo PORT or LIBRARY http PORT."""

import json
import sys
import time

HOUR = 3600
PRODUCERS = 1000


class Gevent:
    def __init__(self):
        import gevent
        import gevent.pool
        import gevent.queue
        import gevent.socket

        self.socket = gevent.socket
        self.spawn = gevent.spawn
        self.sleep = gevent.sleep
        self.timeout = gevent.Timeout
        self.queue = gevent.queue.Queue
        self.pool = gevent.pool.Pool

    def serve(self, listener, app):
        from gevent.pywsgi import WSGIServer

        WSGIServer(listener, app, log=None, error_log=None).serve_forever()

    def wait(self, thread):
        return thread.get()

    def wait_all(self, pool):
        pool.join()


class Eventlet:
    def __init__(self):
        import eventlet
        import eventlet.green.socket
        import eventlet.queue

        self.socket = eventlet.green.socket
        self.spawn = eventlet.spawn
        self.sleep = eventlet.sleep
        self.timeout = eventlet.Timeout
        self.queue = eventlet.queue.Queue
        self.pool = eventlet.GreenPool

    def serve(self, listener, app):
        from eventlet import wsgi

        # Its limit of 1024 connections is too low for the row of 10,000.
        wsgi.server(listener, app, log_output=False, max_size=20_000)

    def wait(self, thread):
        return thread.wait()

    def wait_all(self, pool):
        pool.waitall()


class Watch:
    def __init__(self):
        self.cpu, self.wall = time.process_time(), time.perf_counter()

    def stop(self, ops, bytes_per_task=None):
        cpu, wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
        return {"ops": ops, "seconds": wall, "cpu_seconds": cpu, "bytes_per_task": bytes_per_task}


def resident():
    import resource

    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def spawn_join(lib, n):
    watch = Watch()
    threads = [lib.spawn(lambda i=i: i) for i in range(n)]
    total = sum(lib.wait(thread) for thread in threads)
    line = watch.stop(n)
    assert total == n * (n - 1) // 2
    return line


def yields(lib, threads, n):
    def yielder():
        for _ in range(n):
            lib.sleep(0)

    watch = Watch()
    for thread in [lib.spawn(yielder) for _ in range(threads)]:
        lib.wait(thread)
    return watch.stop(n * threads)


def memory(lib, n):
    lib.sleep(0)
    before = resident()
    watch = Watch()
    threads = [lib.spawn(lib.sleep, HOUR) for _ in range(n)]
    lib.sleep(0)
    line = watch.stop(n, (resident() - before) / n)
    assert len(threads) == n
    return line


def delays(n):
    x, mask = 0x9E3779B97F4A7C15, (1 << 64) - 1
    for _ in range(n):
        x ^= x >> 12
        x ^= x << 25 & mask
        x ^= x >> 27
        yield (x * 0x2545F4914F6CDD1D & mask) % 1_000_000 / 1e6


def timers(lib, n):
    watch = Watch()
    for thread in [lib.spawn(lib.sleep, delay) for delay in delays(n)]:
        lib.wait(thread)
    return watch.stop(n)


def timers_cancel(lib, n):
    watch = Watch()
    for _ in range(n):
        with lib.timeout(HOUR):
            lib.sleep(0)
    return watch.stop(n)


def timers_bulk(lib, n):
    watch = Watch()
    armed = [lib.timeout(HOUR + i / 1e6) for i in range(n)]
    for timeout in armed:
        if hasattr(timeout, "start") and not timeout.pending:
            timeout.start()
    for timeout in armed:
        timeout.cancel()
    return watch.stop(n)


def ping_pong(lib, n, size):
    there, back = lib.queue(size), lib.queue(size)

    def echo():
        for _ in range(n):
            back.put(there.get())

    watch = Watch()
    other = lib.spawn(echo)
    total = 0
    for i in range(n):
        there.put(i)
        total += back.get()
    lib.wait(other)
    line = watch.stop(n)
    assert total == n * (n - 1) // 2
    return line


def fan_in(lib, n, size):
    queue, each = lib.queue(size), max(n // PRODUCERS, 1)

    def produce(first):
        for item in range(first, first + each):
            queue.put(item)

    watch = Watch()
    for producer in range(PRODUCERS):
        lib.spawn(produce, producer * each)
    count = PRODUCERS * each
    total = sum(queue.get() for _ in range(count))
    line = watch.stop(count)
    assert total == count * (count - 1) // 2
    return line


def pool(lib, n):
    done = 0

    def job():
        nonlocal done
        lib.sleep(0)
        done += 1

    watch = Watch()
    jobs = lib.pool(1000)
    for _ in range(n):
        jobs.spawn(job)
    lib.wait_all(jobs)
    line = watch.stop(n)
    assert done == n
    return line


def listen(lib, port):
    socket = lib.socket
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(4096)
    return listener


def http(lib, port):
    greeting = b"Hello, World!\n"
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(greeting)))]

    def app(environ, start_response):
        assert environ["PATH_INFO"] == "/"
        start_response("200 OK", headers)
        return [greeting]

    lib.serve(listen(lib, port), app)


def echo(lib, port):
    socket = lib.socket
    listener = listen(lib, port)

    def handle(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while data := connection.recv(4096):
                connection.sendall(data)
        except OSError:
            pass
        finally:
            connection.close()

    while True:
        connection, _ = listener.accept()
        lib.spawn(handle, connection)


WORKLOADS = {
    "spawn_join": spawn_join,
    "yield2": lambda lib, n: yields(lib, 2, n),
    "yield1000": lambda lib, n: yields(lib, 1000, n),
    "memory": memory,
    "timers": timers,
    "timers_cancel": timers_cancel,
    "timers_bulk": timers_bulk,
    "chan_unbounded": lambda lib, n: ping_pong(lib, n, None),
    "chan_bounded1": lambda lib, n: ping_pong(lib, n, 1),
    "fanin_unbounded": lambda lib, n: fan_in(lib, n, None),
    "fanin_bounded": lambda lib, n: fan_in(lib, n, 100),
    "pool": pool,
}


def main():
    library, workload, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    lib = {"gevent": Gevent, "eventlet": Eventlet}[library]()
    if workload == "echo":
        echo(lib, n)
    if workload == "http":
        http(lib, n)
    if workload not in WORKLOADS:
        print(json.dumps({"workload": workload, "unsupported": True}))
        sys.exit(3)
    # All work starts inside a green thread.
    line = lib.wait(lib.spawn(WORKLOADS[workload], lib, n))
    print(json.dumps({"peer": library, "workload": workload, "n": n, **line}), flush=True)
    # Many threads may be left behind; the process ends without taking leave of them.
    import os

    os._exit(0)


main()
