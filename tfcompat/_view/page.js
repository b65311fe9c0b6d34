"use strict";

async function load() {
  const bytes = Uint8Array.from(atob(document.getElementById("data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function element(name, text, parent) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function start(section, graph) {
  const canvas = section.querySelector(".canvas"), aside = section.querySelector("aside"), nav = section.querySelector("nav");
  const chosen = document.createElement("template");
  const steps = new Map(graph.steps.map((step) => [step.number, step]));

  function open(id) {
    chosen.innerHTML = graph.views[id][2];
    canvas.replaceChildren(chosen.content);
    nav.replaceChildren();
    for (let at = id; at !== null; at = graph.views[at][0]) {
      const button = element("button", (at === id ? "" : "‹ ") + graph.views[at][1]);
      const target = at;
      button.addEventListener("click", () => open(target));
      nav.prepend(button);
    }
  }

  function row(list, name, value) {
    if (value === null || value === undefined || value === "" || value.length === 0) return;
    element("dt", name, list);
    element("dd", value, list);
  }

  function opOf(id) {
    return graph.nodes[id].op;
  }

  function show(id) {
    const node = graph.nodes[id];
    aside.replaceChildren();
    element("h3", node.op, aside);
    const list = element("dl", undefined, aside);
    row(list, "line", node.line && `${node.file.split("/").pop()}, line ${node.line}: ${node.code}`);
    row(list, "inside", node.groups.join(" · "));
    row(list, "result", `${node.dtype} [${node.shape}]: ${node.value}`);
    row(list, "inputs without a gradient", node.constants.join("; "));
    row(list, "cotangent (gradient of the target with regard to this)", node.cotangent);
    const from = node.contributions.map((n) => (n ? `step ${n}, ${opOf(steps.get(n).node)}` : "the start of the walk"));
    row(list, from.length > 1 ? "added up from" : "which came from", from.join(" + "));
    row(list, "computed in", node.program);
    const step = node.step && steps.get(node.step);
    if (step) {
      row(list, "step of the reverse walk", String(step.number));
      for (const edge of step.edges) row(list, `to ${opOf(edge.to)}`, `${edge.formula || "by the rule below"} = ${edge.value}`);
      element("dt", "its rule, as JAX computes it", list);
      element("pre", graph.rules[step.rule], element("dd", undefined, list));
    }
    for (const old of canvas.querySelectorAll(".chosen")) old.classList.remove("chosen");
    for (const found of canvas.querySelectorAll(`[data-node="${id}"]`)) found.classList.add("chosen");
  }

  function act(event) {
    const target = event.target.closest("[data-node], [data-view]");
    if (!target || !canvas.contains(target)) return;
    if (target.dataset.view) open(Number(target.dataset.view));
    else show(target.dataset.node);
  }

  canvas.addEventListener("click", act);
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(event); }
  });
  open(0);
}

load().then((graphs) => {
  for (const section of document.querySelectorAll("section[data-graph]")) start(section, graphs[section.dataset.graph]);
  document.documentElement.dataset.ready = Math.round(performance.now());
});
