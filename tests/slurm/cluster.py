# SPDX-License-Identifier: BSD-3-Clause
"""A real SLURM of two nodes on this machine, without systemd or cgroups: munge, slurmctld, two slurmd, in a folder of its own."""

import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time

from harness import PATIENCE, session_folder

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "scancel")
TIME_LIMIT_CHECK = 30  # seconds between slurmctld's looks at time limits, counted from its start
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")

# cred_expire: a job that was requeued is held for so long. TmpFS of each node: the two nodes share this host's shared memory.
# Both partitions are of the same nodes; jobs in "urgent" push those in "main" aside, which get GraceTime seconds to leave.
CONFIGURATION = """
ClusterName=gmmpi
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n/slurmd.log
TmpFS={folder}/%n/tmp
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
FirstJobId={first_job}
KillWait=5
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2
PartitionName=main Nodes=n1,n2 Default=YES State=UP PriorityTier=1 GraceTime=30
PartitionName=urgent Nodes=n1,n2 State=UP PriorityTier=10 PreemptMode=OFF
"""


def obstacle():
    """Why no cluster can be started here, or None."""
    if os.geteuid() != 0:
        return "only root can start a SLURM of its own"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    return "%s not installed (scripts/install_dependencies.sh --tests)" % ", ".join(missing) if missing else None


def free_ports(count):
    listeners = [socket.socket() for _ in range(count)]
    for listener in listeners:
        listener.bind(("", 0))
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


class Cluster:
    """Running from its making until stop(); whoever makes it sees to it that no process outlives it (namespaces.py)."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gmmpi-slurm-", dir="/tmp")
        self.daemons = []
        for name in ("munge", "state", "n1/spool", "n1/tmp", "n2/spool", "n2/tmp"):
            os.makedirs(os.path.join(self.folder, name), mode=0o755)
        with open(self.path("slurm.conf"), "w") as file:
            file.write(CONFIGURATION.format(host=socket.gethostname().split(".")[0], folder=self.folder, ports=free_ports(3),
                                            first_job=random.randrange(1000, 60_000_000)))
        self.environment = dict(os.environ, SLURM_CONF=self.path("slurm.conf"), LC_ALL="C", SLURM_TIME_FORMAT="standard",
                                PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
                                OMPI_MCA_orte_tmpdir_base=session_folder(),
                                OMPI_MCA_btl="tcp,self")  # two nodes, but one host: no shared memory between them
        self.start_munge()
        self.began = time.monotonic()
        self.start("slurmctld", "-D", "-c")
        for node in ("n1", "n2"):
            self.start("slurmd", "-D", "-N", node)
        self.wait_until(lambda: self.run("sinfo", "-h", "-o", "%T", check=False).strip() == "idle", "the nodes do not come up")

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *words):
        with open(self.path("daemons.log"), "a") as log:
            self.daemons.append(subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment,
                                                 cwd=self.folder))

    def start_munge(self):
        key = self.path("munge/key")
        with open(key, "wb") as file:
            file.write(os.urandom(128))
        os.chmod(key, 0o400)
        self.start("munged", "--foreground", "--force", "--num-threads=2", "--key-file", key, "--socket",
                   self.path("munge/socket"), "--pid-file", self.path("munge/pid"), "--seed-file", self.path("munge/seed"),
                   "--log-file", self.path("munge/log"))
        self.wait_until(lambda: os.path.exists(self.path("munge/socket")), "munged does not start")

    def stop(self):
        """Daemons in the order in which they need each other."""
        self.run("scancel", "--user=root", check=False)
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what a user types ---------------------------------------------------------------

    def run(self, *words, check=True, cwd=None, **variables):
        """Standard output of a command of SLURM's."""
        done = subprocess.run(words, capture_output=True, text=True, cwd=cwd, timeout=PATIENCE, env=dict(self.environment, **variables))
        if check and done.returncode != 0:
            raise AssertionError("%s: status %d\n%s\n%s" % (" ".join(words), done.returncode, done.stderr, self.logs()))
        return done.stdout

    def sbatch(self, *words, cwd):
        """The number of a new job."""
        return self.run("sbatch", "--parsable", *words, cwd=cwd).strip()

    def records(self, job):
        """What `scontrol show job` says: JobState, Restarts, ..., of an array for each of its jobs, those that wait together in one."""
        lines = self.run("scontrol", "--oneliner", "show", "job", job).splitlines()
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines if line.strip()]

    def facts(self, job):
        """The same of the last record."""
        return self.records(job)[-1]

    def wait_until(self, condition, complaint, patience=PATIENCE):
        limit = time.monotonic() + patience
        while not condition():
            if time.monotonic() > limit:
                raise AssertionError(complaint + "\n" + self.logs())
            time.sleep(0.2)

    def wait_for(self, job):
        """Until the job, of an array each, has ended for good: its facts."""
        found = []

        def ended():
            found[:] = self.records(job)
            return all(record["JobState"] in ENDED for record in found)

        self.wait_until(ended, "job %s does not end" % job)
        return found[-1]

    def wait_for_time_limit_check(self, before):
        """Until so many seconds before slurmctld looks at time limits again: signals before the limit come only then."""
        age = time.monotonic() - self.began
        time.sleep(-(age + before) % TIME_LIMIT_CHECK)

    def logs(self):
        """The ends of the daemons' logs."""
        text = ""
        for name in ("daemons.log", "slurmctld.log", "n1/slurmd.log", "n2/slurmd.log"):
            try:
                with open(self.path(name), errors="replace") as file:
                    text += "--- %s\n%s" % (name, "".join(file.readlines()[-15:]))
            except OSError:
                pass
        return text


NOTHING_TO_EDIT = "# --- nothing to edit below ---"


def edited(script, settings, batch):
    """A job script as a user edits it: `settings` by name, what follows `name=`; `batch` by option, what follows `--option=`."""
    head, mark, tail = script.partition(NOTHING_TO_EDIT)

    def replace(pattern, line):
        nonlocal head
        head, count = re.subn(pattern, lambda _: line, head, flags=re.MULTILINE | re.DOTALL)
        if count != 1:
            raise AssertionError("%d lines of the script match %s" % (count, pattern))

    for name, value in settings.items():
        if name in ("options", "resources"):
            replace(r"^%s=\(.*?^\)" % name, "%s=(%s)" % (name, value))
        elif name == "PATH":
            replace(r"^#PATH=[^\n]*", "PATH=" + value)
        else:
            replace(r"^%s=[^\n]*" % re.escape(name), "%s=%s" % (name, value))
    for option, value in batch.items():
        replace(r"^#SBATCH --%s=[^\n]*" % re.escape(option), "#SBATCH --%s=%s" % (option, value))
    return head + mark + tail
