"""Large pools: 5,000 pods with two ports each, 100 changes of pods a second, and what picks see of changes."""

import asyncio
import pathlib
import random
import threading
import time

from bodies import chat_bytes, unique
from configurations import by_queue
from extproc import DUPLEX, Client, Modes, request_body, request_headers
from kubeapi import APIServer, inference_pool, pod
from kubeapi.store import PODS as POD_KIND
from kubernetes import kubernetes_picker, log_entries, pick
from localpool import wait_until

PODS = 5_000
CHANGES_PER_SECOND = 100
SECONDS = 10

#: Without scraping: ten thousand addresses that nobody listens on would be what is measured.
CONFIG = """
apiVersion: llm-d.ai/v1alpha1
kind: EndpointPickerConfig
plugins:
- type: random-picker
schedulingProfiles:
- name: default
  plugins: [{pluginRef: random-picker}]
dataLayer: {injectDefaults: false}
"""

# Share of a core, about twice what it takes on an idle machine: more means that a change costs another thing, such as
# reading all pods again, and not that the machine is busy or slower.
GROWN = 0.1


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_mebibytes(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def address(number):
    return f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


def share_of_changes(api, pid):
    """Share of a core that the picker takes while pods change."""
    start_cpu, start = cpu_seconds(pid), time.monotonic()
    for number in range(CHANGES_PER_SECOND * SECONDS):
        # Five hundred pods lose their readiness, one after the other, then get it back in the same order.
        index = number % 500 * 10
        api.store.apply(pod(f"vllm-{index}", address(index), ready=number // 500 % 2 == 1, padding=7_000))
        delay = start + (number + 1) / CHANGES_PER_SECOND - time.monotonic()
        if delay > 0:
            time.sleep(delay)
    return (cpu_seconds(pid) - start_cpu) / (time.monotonic() - start)


def test_five_thousand_pods(tmp_path, launch, record_property):
    api = APIServer(tmp_path)
    try:
        api.store.apply(inference_pool("pool", [8000, 8001]))
        # Real pods of model servers are some 8 KiB of JSON.
        api.store.apply_all(pod(f"vllm-{n}", address(n), padding=7_000) for n in range(PODS))
        began = time.monotonic()
        picker = kubernetes_picker(launch, api, config=CONFIG, wait=False)
        picker.wait_ready(timeout=30)
        until_ready = time.monotonic() - began
        assert len(pick(picker)) == 1
        pid = picker.process._child.pid
        # `setpriv` became epp: the process is the picker itself.
        assert pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "epp"
        start_cpu = cpu_seconds(pid)
        time.sleep(5)
        idle = (cpu_seconds(pid) - start_cpu) / 5

        # On a machine that is busy with other things the same work takes more time: the best of three counts.
        for _ in range(3):
            share = share_of_changes(api, pid) - idle
            if share < GROWN:
                break
        # Changes are not only cheap: they are in force.
        changed = time.monotonic()
        api.store.apply(pod("last", "10.9.9.9", padding=7_000))
        wait_until(
            lambda: any("10.9.9.9" in entry["added"] for entry in log_entries(picker, "endpoints changed")[-3:]),
            "the last change is in force",
        )
        behind = time.monotonic() - changed
        memory = resident_mebibytes(pid)
        figures = {
            "seconds_until_ready": round(until_ready, 2),
            "idle_share_of_a_core": round(idle, 4),
            "share_of_a_core_for_changes": round(share, 4),
            "seconds_behind_changes": round(behind, 2),
            "resident_mebibytes": round(memory),
        }
        for name, value in figures.items():
            record_property(name, value)
        print(figures)
        assert until_ready < 10
        assert share < GROWN
        assert behind < 1
        assert memory < 1024
    finally:
        api.stop()


class History:
    """The endpoints that there were, one set after the other, as changes of pods lead to them."""

    PORTS = (8000, 8001)

    def __init__(self, addresses):
        #: By pod: where it serves; not there for those that do not.
        self.now = dict(addresses)
        self._seen = {pod: self.endpoints(address) for pod, address in addresses.items()}
        self.present = set().union(*self._seen.values())
        #: What changed and picks have not shown yet: pod and its address, or None.
        self.coming = []

    def endpoints(self, address):
        """Both ports of a pod are endpoints."""
        return {f"{address}:{port}" for port in self.PORTS} if address else set()

    def change(self, name, address):
        self.now[name] = address
        self.coming.append((name, address))

    def shows(self, members):
        """Whether a pick shows one of the sets from the last one that a pick showed on."""
        while members != self.present:
            if not self.coming:
                return False
            name, address = self.coming.pop(0)
            self.present = self.present - self._seen.get(name, set()) | self.endpoints(address)
            self._seen[name] = self.endpoints(address)
        return True


def change_pods(api, history, stop, random):
    """A hundred times a second something happens to a pod: it gets ready or not, moves, leaves, or is new."""
    start, number, fresh = time.monotonic(), 0, 100_000
    names = sorted(history.now)
    while not stop.is_set():
        name = random.choice(names)
        old = history.now[name]
        fresh += 1
        # The history first: what picks show may be ahead of the server's answer, never of the history.
        if old is None:
            new = address(fresh)
            history.change(name, new)
            api.store.apply(pod(name, new))
        elif number % 3 == 0:
            history.change(name, address(fresh))
            api.store.apply(pod(name, address(fresh)))
        elif number % 3 == 1:
            history.change(name, None)
            api.store.apply(pod(name, old, ready=False))
        else:
            history.change(name, None)
            api.store.delete(POD_KIND, name)
        number += 1
        delay = start + number / CHANGES_PER_SECOND - time.monotonic()
        if delay > 0:
            time.sleep(delay)
    return number


async def see(picker, history, seconds):
    """Picks that list the whole pool for some time; returns how many different sets they showed."""
    distinct, last = 0, None
    end = time.monotonic() + seconds
    async with Client(picker.address) as client:
        while time.monotonic() < end:
            stream = client.stream(timeout=10)
            await stream.send(request_headers(modes=Modes(DUPLEX)), request_body(chat_bytes(unique()), True))
            answer = await stream.receive()
            await stream.reset()
            members = set(answer.destination.split(","))
            if members != last:
                distinct, last = distinct + 1, members
            before = len(history.coming)
            assert history.shows(members), f"none of the last {before} sets: {len(members)} endpoints"
    return distinct


def pick_becomes(picker, expected, seconds):
    """Whether picks list exactly these endpoints in time."""
    end = time.monotonic() + seconds
    while pick(picker) != expected:
        if time.monotonic() > end:
            return False
    return True


def test_no_pick_sees_a_part_of_a_change(tmp_path, launch):
    """While pods change, every pick shows exactly the endpoints that there were at one moment, and later ones later
    moments: never one port of a pod without the other, nor an old address beside the new one."""
    api = APIServer(tmp_path)
    try:
        api.store.apply(inference_pool("pool", list(History.PORTS)))
        addresses = {f"vllm-{n}": address(n) for n in range(500)}
        api.store.apply_all(pod(name, where) for name, where in addresses.items())
        history = History(addresses)
        picker = kubernetes_picker(launch, api, config=by_queue(endpoints=2_000))
        assert history.shows(pick(picker))
        stop, changes = threading.Event(), []
        changing = threading.Thread(
            target=lambda: changes.append(change_pods(api, history, stop, random.Random(1)))
        )
        changing.start()
        try:
            distinct = asyncio.run(see(picker, history, SECONDS))
        finally:
            stop.set()
            changing.join()
        assert changes[0] > 300
        assert distinct > 50
        everything = set().union(*(history.endpoints(where) for where in history.now.values()))
        # Soon after the last change, however many there were.
        assert pick_becomes(picker, everything, 1.0)
    finally:
        api.stop()


def test_changes_that_belong_together_show_at_once(tmp_path, launch):
    """A pool that gets other ports and other labels in one update shows the old endpoints or the new ones, whole."""
    api = APIServer(tmp_path)
    try:
        count = 300
        api.store.apply_all(pod(f"blue-{n}", address(n), labels={"app": "blue"}) for n in range(count))
        api.store.apply_all(pod(f"green-{n}", address(10_000 + n), labels={"app": "green"}) for n in range(count))
        sets = {
            "blue": {f"{address(n)}:{port}" for n in range(count) for port in (8000, 8001)},
            "green": {f"{address(10_000 + n)}:{port}" for n in range(count) for port in (9000, 9001)},
        }
        pools = {
            "blue": inference_pool("pool", [8000, 8001], labels={"app": "blue"}),
            "green": inference_pool("pool", [9000, 9001], labels={"app": "green"}),
        }
        # Without the list in one piece the pods of a selector arrive in pages.
        api.trouble.offers_watch_list = False
        api.trouble.page_size = 50
        api.store.apply(pools["blue"])
        picker = kubernetes_picker(launch, api, config=by_queue(endpoints=2_000))
        current = "blue"
        for _ in range(6):
            following = "green" if current == "blue" else "blue"
            api.store.apply(pools[following])
            deadline = time.monotonic() + 10
            while (members := pick(picker)) == sets[current]:
                assert time.monotonic() < deadline
            assert members == sets[following]
            current = following
    finally:
        api.stop()
