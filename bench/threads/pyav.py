"""The same by PyAV: pictures decoded and scaled in one thread, the model in another. Usage: pyav.py file repeats"""

import hashlib
import json
import resource
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import av

AHEAD = 2
path, repeats = sys.argv[1], int(sys.argv[2])


def model(picture):
    digest = hashlib.sha256()
    for _ in range(repeats):
        digest.update(picture)
    return digest.hexdigest()


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


start, start_cpu, frames = time.perf_counter(), cpu(), 0
waiting = deque()
with av.open(path) as source, ThreadPoolExecutor(1) as pool:
    stream = source.streams.video[0]
    stream.codec_context.thread_count = 2
    graph = av.filter.Graph()
    nodes = [
        graph.add_buffer(template=stream),
        graph.add("fps", "5"),
        graph.add("scale", "224:224"),
        graph.add("format", "rgb24"),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*nodes).configure()

    def drain():
        global frames
        while True:
            try:
                frame = graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            frames += 1
            waiting.append(pool.submit(model, frame.to_ndarray().tobytes()))
            if len(waiting) >= AHEAD:
                waiting.popleft().result()

    for frame in source.decode(stream):
        graph.push(frame)
        drain()
    graph.push(None)
    drain()
    for future in waiting:
        future.result()
wall = (time.perf_counter() - start) * 1000
print(json.dumps({"frames": frames, "wallMs": wall, "cpuMs": cpu() - start_cpu}))
