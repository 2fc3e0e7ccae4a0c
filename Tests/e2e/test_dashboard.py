"""The dashboard in a real browser: live data of a busy pool, at the widths of a desk and of a phone, dark and light.

Screenshots are kept in the directory that `--screenshots` names, for people to look at.
"""

import base64
import concurrent.futures
import re
import shutil
import threading
import time

import pytest
from bodies import chat, unique
from kubeapi import APIServer, inference_pool, pod
from kubernetes import kubernetes_picker, pick
from localpool import request, wait_until
from pools import wait_scraped
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

DESK = (1360, 1500)
PHONE = (390, 844)

#: Servers that take some milliseconds for a token, so that requests overlap.
BUSY = ("--decode-step-ms", "4")


class Page:
    """The dashboard of one picker in a headless Chromium."""

    def __init__(self, picker, screenshots):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.picker = picker
        self.screenshots = screenshots

    def open(self, size=DESK, *, scheme="light"):
        mobile = size == PHONE
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get(f"http://{self.picker.metrics_address}/")
        self.wait(lambda: self.text("#live") == "live", "the page is live")

    def wait(self, condition, what, timeout=20):
        return wait_until(condition, what, timeout, interval=0.1)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.script("return document.querySelector(arguments[0]).textContent", selector)

    def script(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def tile(self, label):
        """The figure in the tile with this label."""
        code = """for (const tile of document.querySelectorAll('.tile'))
          if (tile.querySelector('.label').textContent === arguments[0]) return tile.querySelector('b').textContent"""
        return self.script(code, label)

    def column(self, label):
        """The cells of one column of the table, top down."""
        code = "return [...document.querySelectorAll(`#rows td[data-label=\"${arguments[0]}\"]`)].map(c => c.textContent)"
        return self.script(code, label)

    def screenshot(self, name):
        if not self.screenshots:
            return
        height = self.script("return document.documentElement.scrollHeight")
        width = self.script("return document.documentElement.clientWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, 4000), "scale": 1}
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip}
        )
        (self.screenshots / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def problems(self):
        """What the browser complains about."""
        return [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def overflow(self):
        """Whether the page is wider than the window."""
        return self.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def close(self):
        self.driver.quit()


@pytest.fixture
def screenshots(request):
    directory = request.config.getoption("--screenshots")
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture
def browse(screenshots):
    """Opens pages, and fails when the browser complained about one."""
    pages = []

    def open_page(picker):
        pages.append(Page(picker, screenshots))
        return pages[-1]

    yield open_page
    problems = [page.problems() for page in pages]
    for page in pages:
        page.close()
    assert not any(problems), problems


class Load:
    """Clients that send one request after the other until the end of the block."""

    def __init__(self, pool, clients=10):
        self._pool = pool
        self._clients = clients
        self._stop = threading.Event()
        self._contexts = ["".join(unique("line of a context") for _ in range(40)) for _ in range(6)]

    def _run(self, number):
        sent = 0
        while not self._stop.is_set():
            stream = sent % 3 == 0
            body = chat(self._contexts[(number + sent) % 6] + unique(), max_tokens=10 + sent % 30, stream=stream)
            if stream:
                body["stream_options"] = {"include_usage": True}
            assert self._pool.ask("/v1/chat/completions", body).status == 200
            sent += 1
        return sent

    def __enter__(self):
        self._threads = concurrent.futures.ThreadPoolExecutor(self._clients)
        self._runs = [self._threads.submit(self._run, number) for number in range(self._clients)]
        return self

    def __exit__(self, *_):
        self._stop.set()
        self.sent = sum(run.result(timeout=30) for run in self._runs)
        self._threads.shutdown()


def figure(text):
    """The first number of a text."""
    match = re.search(r"-?[\d.]+", text)
    return float(match[0]) if match else None


def test_a_busy_pool_at_a_desk(launch, browse):
    pool = launch.pool(count=4, server_arguments=BUSY)
    page = browse(pool.picker)
    with Load(pool):
        page.open(DESK)
        page.wait(lambda: figure(page.tile("Picks")) > 1, "picks are counted")
        page.wait(lambda: figure(page.tile("In flight")) > 0, "requests are in flight")
        names = ["endpoint-" + endpoint.replace(".", "-").replace(":", "-") for endpoint in pool.servers.endpoints]
        assert page.script("return [...document.querySelectorAll('#rows .name')].map(n => n.textContent)") == names
        page.wait(lambda: all(figure(text) > 0 for text in page.column("Picks/s")), "every endpoint is picked")
        page.wait(lambda: sum(figure(text) for text in page.column("Prefix share")) > 90, "prefixes are shared out")
        assert page.column("Health") == ["fresh"] * 4

        page.wait(lambda: len(page.all("#decisions li")) >= 10, "decisions appear")
        page.wait(lambda: len(page.all(".histogram[role=img]")) == 5, "all histograms have data")
        assert "FULL_DUPLEX_STREAMED / FULL_DUPLEX_STREAMED" in page.text("#modes")
        page.one("#decisions summary").click()
        page.wait(lambda: page.all("#decisions .score"), "the scores are shown")
        assert len(page.all("#decisions .score.picked")) == 1
        assert "queue-scorer × 2" in page.text("#decisions .legend")
        page.one("#config summary").click()
        page.wait(lambda: "kind: EndpointPickerConfig" in page.text("#yaml"), "the configuration is shown")
        assert page.overflow() == 0
        time.sleep(20)
        page.screenshot("desk-light")
        page.open(DESK, scheme="dark")
        page.wait(lambda: len(page.all("#decisions li")) >= 10, "decisions appear")
        page.wait(lambda: figure(page.tile("Picks")) > 1, "picks are counted")
        page.screenshot("desk-dark")


def test_a_busy_pool_on_a_phone(launch, browse):
    pool = launch.pool(count=4, server_arguments=BUSY)
    page = browse(pool.picker)
    with Load(pool):
        page.open(PHONE)
        page.wait(lambda: figure(page.tile("Picks")) > 1, "picks are counted")
        page.wait(lambda: len(page.all("#decisions li")) >= 5, "decisions appear")
        page.one("#decisions summary").click()
        page.wait(lambda: page.all("#decisions .score"), "the scores are shown")
        assert page.overflow() == 0
        page.screenshot("phone-light")
        page.open(PHONE, scheme="dark")
        page.wait(lambda: figure(page.tile("Picks")) > 1, "picks are counted")
        assert page.overflow() == 0
        page.screenshot("phone-dark")


def test_trouble_is_shown(launch, browse):
    servers = launch.servers(count=3)
    picker = launch.picker([*servers.endpoints, "127.0.0.77:9"], tls=False)
    page = browse(picker)
    page.open(DESK)
    page.wait(lambda: "never told their metrics: endpoint-127-0-0-77-9" in page.text("#warnings"), "it is named")
    servers.control(servers.endpoints[1], queue=70)
    page.wait(lambda: "Load is skewed" in page.text("#warnings"), "skew is told")
    page.wait(lambda: "The pool is saturated" in page.text("#warnings"), "saturation is told")
    assert "unread" in page.column("Health")[-1]
    page.screenshot("trouble")
    picker.stop()
    page.wait(lambda: page.text("#live").startswith("no answer"), "silence is told")
    # The requests that found nobody are the browser's to complain about.
    assert all("ERR_CONNECTION_REFUSED" in entry["message"] for entry in page.problems())


def test_a_thousand_endpoints(launch, browse):
    servers = launch.servers(count=200)
    gone = [f"127.7.{number // 200}.{number % 200 + 1}:9" for number in range(800)]
    picker = launch.picker([*servers.endpoints, *gone], tls=False)
    page = browse(picker)
    page.open(DESK)
    assert page.text("#shown") == "1000"
    assert len(page.all("#rows tr")) == 50
    assert len(page.all("#map button")) == 1_000
    page.one("#after").click()
    assert page.text("#page") == "2 / 20"

    body = page.one("body")
    body.send_keys("/")
    page.driver.switch_to.active_element.send_keys("127-0-0-17-")
    page.wait(lambda: page.text("#shown") == "1 of 1000", "the filter narrows the list")
    filter_box = page.one("#filter")
    filter_box.send_keys(Keys.CONTROL, "a")
    filter_box.send_keys("fresh")
    page.wait(lambda: page.text("#shown") == "200 of 1000", "states can be looked for")
    filter_box.send_keys(Keys.CONTROL, "a")
    filter_box.send_keys(Keys.DELETE)
    servers.control(servers.endpoints[120], queue=30)
    page.script("document.querySelector('th[data-column=queue] button').click()")
    page.wait(lambda: "127-0-0-121-" in page.text("#rows tr"), "the longest queue comes first")
    page.screenshot("thousand")
    page.open(PHONE)
    assert page.overflow() == 0
    page.screenshot("thousand-phone")


def test_a_viewer_costs_less_than_a_hundredth_of_a_core(launch):
    """A page asks every two seconds, so an answer about 1,000 endpoints may take 20 ms of processor time."""
    endpoints = launch.servers(count=1000, arguments=()).endpoints
    # Scraping would hide what an answer costs.
    picker = launch.picker(endpoints, tls=False, arguments=["--refresh-metrics-interval=1h"])
    wait_scraped(picker, len(endpoints))

    def processor_time(seconds, ask):
        before = picker.metric("process_cpu_seconds_total")
        asked = 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ask:
                state = request(picker.metrics_address, "/debug/state", headers={"accept-encoding": "gzip"})
                assert state.status == 200
                asked += 1
            # What was gathered is shared for half a second: ask for it anew each time.
            time.sleep(0.55)
        return picker.metric("process_cpu_seconds_total") - before, asked

    # A machine that others use too takes processor time from the caches: one quiet stretch is enough.
    for _ in range(3):
        idle, _ = processor_time(8, ask=False)
        watched, asked = processor_time(8, ask=True)
        each = (watched - idle) / asked
        print(f"{each * 1000:.1f} ms of processor time an answer; {idle:.2f} s without")
        if idle < 0.5 and each < 0.02:
            break
    assert idle < 0.5, "the picker was not idle"
    assert each < 0.02


def test_the_page_needs_nothing_else(launch):
    servers = launch.servers(count=1)
    picker = launch.picker(servers.endpoints, tls=False)
    answer = request(picker.metrics_address, "/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    references = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert all(reference.startswith(("#", "data:")) for reference in references), references
    assert "http" not in re.sub(r"http://www.w3.org/2000/svg", "", answer.text.replace("HTTP ", ""))


def test_the_dashboard_can_be_off(launch):
    servers = launch.servers(count=1)
    picker = launch.picker(servers.endpoints, tls=False, arguments=["--dashboard=false"])
    for path in ("/", "/debug/state", "/debug/config"):
        assert request(picker.metrics_address, path).status == 404
    assert request(picker.metrics_address, "/metrics").status == 200


def test_several_pools_are_chosen_from_a_list(launch, tmp_path, browse):
    api = APIServer(tmp_path)
    try:
        for net, pool in enumerate(("gold", "lead"), 1):
            api.store.apply_all(pod(f"{pool}-{n}", f"10.0.{net}.{n}", labels={"app": pool}) for n in range(1, 4))
            api.store.apply(inference_pool(pool, [8000], labels={"app": pool}, service=f"{pool}-epp"))
        picker = kubernetes_picker(launch, api, pool="gold,lead")
        for pool in ("gold", "lead"):
            pick(picker, authority=f"{pool}-epp.default.svc")
        page = browse(picker)
        page.open()

        def shows(pool, net):
            rows = page.text("#rows")
            return page.script("return document.title") == f"epp {pool}" and all(
                f"10.0.{net}.{n}:8000" in rows for n in range(1, 4)
            )

        assert [option.text for option in Select(page.one("#pools")).options] == ["gold", "lead"]
        assert shows("gold", 1)
        page.wait(lambda: len(page.all("#decisions li")) == 1, "the decision of the pool is shown")
        Select(page.one("#pools")).select_by_value("lead")
        page.wait(lambda: shows("lead", 2), "the other pool is shown")
        page.wait(lambda: len(page.all("#decisions li")) == 1, "its decision is shown")
        # The address leads back to it.
        page.driver.get(page.script("return location.href"))
        page.wait(lambda: shows("lead", 2), "the other pool is shown again")
        assert "10.0.1.1" not in page.text("#rows")
        assert page.overflow() <= 0
        page.screenshot("several-pools")
    finally:
        api.stop()
