# SPDX-License-Identifier: BSD-3-Clause
"""Hosts h1, h2, ... on this machine: network namespaces with names and addresses of their own, joined by two bridges.

eth0 is the network on which the hosts know each other by name, eth1 a second one, as where messages have one of their own. To be made inside namespaces.enter("net"), with which all of it goes away. The hosts share the file system, as if it were a network's.
"""

import errno
import os
import signal
import subprocess
import sys
import time

import namespaces
from harness import PATIENCE

AGENT = """#!/bin/sh
# What ssh is elsewhere: AGENT HOST COMMAND...
host=$1
shift
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$0" && eval "exec $*"' "$host" "$@"
"""


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError("%s: %s" % (" ".join(words), done.stderr.strip()))
    return done.stdout


class Network:
    """Takes a folder for its files. OSError where the machine lacks what is needed."""

    def __init__(self, folder, count):
        self.names = ["h%d" % (i + 1) for i in range(count)]
        self.agent = os.path.join(folder, "agent")
        with open(self.agent, "w") as file:
            file.write(AGENT)
        os.chmod(self.agent, 0o755)
        self.name_hosts(os.path.join(folder, "hosts"))
        os.makedirs("/run/netns", exist_ok=True)
        namespaces.mount("tmpfs", "/run/netns")
        run("ip", "link", "set", "lo", "up")
        for device in ("eth0", "eth1"):
            run("ip", "link", "add", "switch-" + device, "up", "type", "bridge")
        for i, name in enumerate(self.names):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
            for j, device in enumerate(("eth0", "eth1")):
                cable = "%s-%s" % (name, device)
                run("ip", "link", "add", cable, "type", "veth", "peer", "name", device, "netns", name)
                run("ip", "link", "set", cable, "master", "switch-" + device, "up")
                run("ip", "-n", name, "address", "add", "10.%d.0.%d/24" % (77 + j, i + 1), "dev", device)
                run("ip", "-n", name, "link", "set", device, "up")

    def name_hosts(self, path):
        with open(path, "w") as file:
            file.write("127.0.0.1 localhost\n")
            file.writelines("10.77.0.%d %s\n" % (i + 1, name) for i, name in enumerate(self.names))
        run("mount", "--bind", path, "/etc/hosts")

    def words(self, host, *command):
        """The words that run a command on a host."""
        return [self.agent, host] + ["'%s'" % str(word).replace("'", "'\\''") for word in command]

    def cut_off(self, name, devices=("eth0", "eth1")):
        """No frame goes to the host or comes from it on these networks; whoever waits for it waits."""
        for device in devices:
            run("ip", "link", "set", "%s-%s" % (name, device), "down")

    def reconnect(self, name):
        """Returns when the others can be reached from there again, which takes the kernel some moments."""
        for device in ("eth0", "eth1"):
            run("ip", "link", "set", "%s-%s" % (name, device), "up")
        other = next(each for each in self.names if each != name)
        knock = "import socket; s = socket.socket(); s.settimeout(1); print(s.connect_ex((%r, 9)))" % other
        limit = time.monotonic() + PATIENCE
        while run(*self.words(name, sys.executable, "-c", knock)).strip() != str(errno.ECONNREFUSED):
            if time.monotonic() > limit:
                raise OSError("%s does not come back" % name)
            time.sleep(0.1)

    @staticmethod
    def processes(name):
        return [int(pid) for pid in run("ip", "netns", "pids", name).split()]

    def kill_processes(self, name):
        """All at once: none can react."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in self.processes(name):
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
