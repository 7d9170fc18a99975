# SPDX-License-Identifier: Apache-2.0
"""nginx with worker processes and `aio threads`: files of several sizes, a reload while clients are
served, a reopening of logs, and a clean quit."""
import hashlib
import os
import random
import re
import signal

CONFIGURATION = """\
daemon off;
worker_processes 2;
user {user};
pid {here}/nginx.pid;
error_log {here}/error.log notice;
thread_pool default threads=4 max_queue=65536;
events {{ worker_connections 256; }}
http {{
    access_log {here}/access.log;
    client_body_temp_path {here}/body;
    proxy_temp_path {here}/proxy;
    fastcgi_temp_path {here}/fastcgi;
    uwsgi_temp_path {here}/uwsgi;
    scgi_temp_path {here}/scgi;
    server {{
        listen unix:{here}/nginx.socket;
        root {here}/files;
        location / {{ aio threads; sendfile off; output_buffers 2 16k; }}
        location /sent/ {{ alias {here}/files/; aio threads; sendfile on; sendfile_max_chunk 32k; }}
        location /status {{ return 200 "fine\\n"; }}
    }}
}}
"""
SIZES = {"empty": 0, "small": 700, "middle": 70000, "large": 3000000}


def make_files(stage):
    files = stage.directory / "files"
    files.mkdir()
    for name, size in SIZES.items():
        (files / name).write_bytes(random.Random(size).randbytes(size))
    here = stage.directory
    (here / "nginx.conf").write_text(
        CONFIGURATION.format(here=here, user="root" if os.getuid() == 0 else "nobody"))


def get(stage, *paths):
    """Digests of what curl gets, by way of many connections at once."""
    wanted = [word for number, path in enumerate(paths)
              for word in ("-o", f"got.{number}", f"http://localhost/{path}")]
    stage.client("curl", "-sS", "--fail", "-Z", "--parallel-max", "12", "--no-progress-meter",
                 "--unix-socket", "nginx.socket", *wanted)
    return [hashlib.sha256((stage.directory / f"got.{number}").read_bytes()).hexdigest()
            for number in range(len(paths))]


def perform(stage):
    make_files(stage)
    server = stage.start("nginx", "-p", stage.directory, "-c", stage.directory / "nginx.conf")

    def answers():
        return "fine" in stage.call("curl", "-sS", "--unix-socket", "nginx.socket",
                                    "http://localhost/status", watched=False).output

    stage.wait_for_server(server, answers)
    master = int((stage.directory / "nginx.pid").read_text())
    names = [f"{place}{name}" for place in ("", "sent/") for name in SIZES] * 12
    served = [get(stage, *names)]
    os.kill(master, signal.SIGHUP)
    served.append(get(stage, *names))
    os.kill(master, signal.SIGUSR1)
    served.append(get(stage, *names))
    missing = stage.client("curl", "-sS", "-o", "-", "-w", "%{http_code}", "--unix-socket",
                           "nginx.socket", "http://localhost/nothing")
    os.kill(master, signal.SIGQUIT)
    ended = stage.end(server)
    log = (stage.directory / "error.log").read_text()
    return {"served": served, "missing": missing, "status": ended.status, "output": ended.output,
            "errors": ended.errors, "troubles": re.findall(r"\[(?:warn|crit|alert|emerg)\].*", log),
            "ends": sorted(set(re.findall(r"worker process \d+ (exited .*)", log))),
            "left": sorted(path.name for path in stage.directory.glob("nginx.*"))}


PROGRAMS = [{"name": "nginx", "perform": perform, "patience": 60, "quick": True,
             "needs": ["/usr/sbin/nginx", "/usr/bin/curl"]}]
