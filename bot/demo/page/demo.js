// The demo's page: what the server says of the clock and of the guide, the tabs, the frames.
(function () {
  "use strict";
  var EVERY_MS = 1500;
  var body = document.body;
  var state = null;
  var moving = false;

  function all(what, root) { return Array.prototype.slice.call((root || document).querySelectorAll(what)); }
  function one(what) { return document.querySelector(what); }

  // What the server says

  function fetched(answer) {
    return answer.json().then(function (said) {
      if (!answer.ok) { throw new Error(said.why || ""); }
      return said;
    });
  }

  function show(said) {
    one("#day").textContent = said.day;
    one("#time").textContent = said.time;
    if (state && said.tallies !== state.tallies) { reloadPage(); }
    state = said;
    var at = said.done.indexOf(false);
    all("#steps li").forEach(function (step, number) {
      var done = said.done[number];
      step.className = done ? "done" : number === at ? "now" : "";
      step.querySelector("i").textContent = done ? "✓" : String(number + 1);
      if (number === at) { step.setAttribute("aria-current", "step"); } else { step.removeAttribute("aria-current"); }
    });
    one("#steps").hidden = at < 0;
    one("#end").hidden = at >= 0;
    var here = at < 0 ? "lop" : all("#steps li")[at].getAttribute("data-tab");
    all(".phone").forEach(function (phone) { phone.classList.toggle("here", phone.id === here); });
    one("[data-to=sunday]").classList.toggle("now", at === 3);
  }

  function look() {
    if (moving || document.hidden) { return; }
    fetch("/demo/state").then(fetched).then(show).then(function () { note(""); }, function () {
      note("Máy chủ xem thử đã dừng. Chạy lại “make demo” rồi tải lại trang này.");
    });
  }

  function move(button) {
    moving = true;
    all(".clock button").forEach(function (each) { each.disabled = true; });
    var sent = { method: "POST", body: JSON.stringify({ to: state.to[button.getAttribute("data-to")] }) };
    var before = state.tallies;
    fetch("/demo/clock", sent).then(fetched).then(function (said) {
      show(said);
      note("");
      if (said.tallies !== before) { select("lop"); }
    }).catch(function (error) {
      note(error.message);
    }).then(function () {
      moving = false;
      all(".clock button").forEach(function (each) { each.disabled = false; });
      button.focus();
    });
  }

  function note(text) {
    if (one("#note").textContent !== text) { one("#note").textContent = text; }
  }

  // Tabs, and the third phone's two sides

  function select(tab, focus) {
    body.setAttribute("data-tab", tab);
    all("[role=tab]").forEach(function (each) {
      var chosen = each.getAttribute("data-tab") === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      if (chosen) {
        each.classList.remove("news");
        if (focus) { each.focus(); }
      }
    });
  }

  function step(event) {
    var by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) { return; }
    var tabs = all("[role=tab]");
    var next = (tabs.indexOf(event.target) + by + tabs.length) % tabs.length;
    select(tabs[next].getAttribute("data-tab"), true);
    event.preventDefault();
  }

  function turn(side) {
    all("[data-show]").forEach(function (button) {
      var chosen = button.getAttribute("data-show") === side;
      var frame = document.getElementById(button.getAttribute("data-show"));
      button.setAttribute("aria-pressed", String(chosen));
      if (chosen) { button.classList.remove("news"); }
      // Fetched when first wanted: a browser keeps six lines open to a server, and each chat one.
      if (chosen && frame.hasAttribute("data-src")) {
        frame.src = frame.getAttribute("data-src");
        frame.removeAttribute("data-src");
      }
      frame.hidden = !chosen;
    });
  }

  function reloadPage() {
    one("#page").contentWindow.location.reload();
    ring("lop");
    turn("page");
  }

  function ring(tab) {
    if (body.getAttribute("data-tab") !== tab) { one("#tab-" + tab).classList.add("news"); }
  }

  // A message that comes in on a phone out of sight puts a dot on its tab.

  function listen(frame, tab) {
    var log = frame.contentDocument && frame.contentDocument.getElementById("log");
    if (!log) { return; }
    var quiet = Date.now() + 2000;
    new MutationObserver(function () {
      if (Date.now() > quiet) { ring(tab); }
    }).observe(log, { childList: true });
  }

  ["lan", "ba"].forEach(function (tab) {
    var frame = one("#" + tab + " iframe");
    frame.addEventListener("load", function () { listen(frame, tab); });
    listen(frame, tab);
  });
  all("[role=tab]").forEach(function (tab) {
    tab.addEventListener("click", function () { select(tab.getAttribute("data-tab")); });
    tab.addEventListener("keydown", step);
  });
  all("#steps li").forEach(function (item) {
    item.addEventListener("click", function () { select(item.getAttribute("data-tab")); });
  });
  all("[data-show]").forEach(function (button) {
    button.addEventListener("click", function () { turn(button.getAttribute("data-show")); });
  });
  all("[data-to]").forEach(function (button) {
    button.addEventListener("click", function () { if (state) { move(button); } });
  });
  document.addEventListener("visibilitychange", look);
  setInterval(look, EVERY_MS);
  look();
})();
