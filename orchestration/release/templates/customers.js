"use strict";
// The list and one customer's score, drawn from the scripts beside the page.
const BANDS = ["red", "amber", "green", "none"], ROW = 54;
const CARD = ["score", "coverage", "previous", "value", "scale", "configuration", "coverageChange",
  "exceptionChange", "overrideChange", "computed", "exception", "beforeOverride", "reason", "team",
  "until", "lever", "gain", "trend", "deadBand", "churn", "risk", "contradiction"];
const $ = id => document.getElementById(id);
const t = text => { if (!(text in WORDS)) throw new Error("no word: " + text); return WORDS[text]; };
const label = entry => (LANG === "zh" && entry[3]) || entry[2] || entry[1];
const shown = (value, places = 1) => value === null || value === undefined ? "–"
  : value.toFixed(places).replace(/^-(0(?:\.0*)?)$/, "$1").replace("-", "−");
const signed = (value, places = 1) => value === null || value === undefined ? "–"
  : (value > 0 && Number(value.toFixed(places)) !== 0 ? "+" : "") + shown(value, places);
const percent = value => value === null || value === undefined ? "–" : shown(100 * value, 1) + " %";
let LIST = null, found = [], open = null, byKey = null;
const shards = new Map(), waiting = new Map();

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const child of children) if (child !== null && child !== "") node.append(child);
  return node;
}

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// Called by every data script.
async function scorecardData(name, packed) {
  const data = await unpack(packed);
  if (name === "index") return start(data);
  const shard = Number(name.split(":")[1]);
  shards.set(shard, data);
  (waiting.get(shard) || []).forEach(done => done());
  waiting.delete(shard);
}

function load(shard) {
  if (shards.has(shard)) return Promise.resolve();
  return new Promise((done, failed) => {
    if (waiting.has(shard)) return waiting.get(shard).push(done);
    waiting.set(shard, [done]);
    const script = element("script", {src: `${DATA}/${String(shard).padStart(4, "0")}.js`});
    script.onerror = () => { waiting.delete(shard); failed(new Error(script.src)); };
    document.head.append(script);
  });
}

function start(list) {
  LIST = list;
  LIST.search = LIST.id.map((id, i) =>
    `${id}\n${LIST.crm[i]}\n${LIST.organisation[i]}`.toLowerCase());
  byKey = new Map(LIST.measures.map((entry, i) => [entry[0] + "/" + entry[1], i]));
  for (const id of ["profile", "band", "tier", "order"]) $(id).onchange = refresh;
  $("text").oninput = refresh;
  $("rows").onscroll = draw;
  $("rows").onkeydown = event => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!step || !found.length) return;
    event.preventDefault();
    const next = Math.min(Math.max(found.indexOf(open) + step, 0), found.length - 1);
    $("rows").scrollTop = Math.max(next * ROW - $("rows").clientHeight / 2, 0);
    show(found[next]);
  };
  onresize = draw;
  onhashchange = follow;
  refresh();
  if (location.hash.length > 1) follow();
  else if (found.length && innerWidth > 960) show(found[0]);
}

function follow() {
  const asked = decodeURIComponent(location.hash.slice(1));
  const place = LIST.id.includes(asked) ? LIST.id.indexOf(asked) : LIST.crm.indexOf(asked);
  if (place >= 0 && place !== open) show(place);
}

function refresh() {
  const text = $("text").value.trim().toLowerCase(), profile = Number($("profile").value);
  const band = $("band").value, tier = $("tier").value, order = $("order").value;
  const bands = LIST.band[profile], scores = LIST.score[profile], changes = LIST.change[profile];
  found = [];
  for (let i = 0; i < LIST.id.length; i++) {
    if (band !== "" && bands[i] !== Number(band)) continue;
    if (tier && LIST.tier[i] !== tier) continue;
    if (text && !LIST.search[i].includes(text)) continue;
    found.push(i);
  }
  // Who has no figure stands last, whichever way the list is ordered.
  const by = (column, sign) => (a, b) => column[a] === null || column[b] === null
    ? (column[a] === null) - (column[b] === null) || a - b
    : sign * (column[a] - column[b]) || a - b;
  if (order !== "id") found.sort({low: by(scores, 1), high: by(scores, -1), fell: by(changes, 1),
    rose: by(changes, -1)}[order]);
  $("count").textContent = t("{n} of {all} customers").replace("{n}", found.length.toLocaleString(LANG))
    .replace("{all}", LIST.id.length.toLocaleString(LANG));
  $("rows").scrollTop = 0;
  draw();
}

function draw() {
  const box = $("rows"), space = $("space"), profile = Number($("profile").value);
  space.style.height = found.length * ROW + "px";
  const first = Math.max(Math.floor(box.scrollTop / ROW) - 4, 0);
  const last = Math.min(first + Math.ceil(box.clientHeight / ROW) + 8, found.length);
  space.replaceChildren(...found.slice(first, last).map((i, place) => {
    const score = LIST.score[profile][i], change = LIST.change[profile][i];
    const entry = element("button", {class: "entry", role: "option", tabindex: -1,
      "aria-selected": i === open, style: `top:${(first + place) * ROW}px`},
      element("span", {class: "who"}, LIST.organisation[i] || LIST.crm[i] || LIST.id[i],
        element("small", {}, [LIST.organisation[i] ? LIST.crm[i] || LIST.id[i] : LIST.crm[i] && LIST.id[i], LIST.tier[i] && t("Tier") + " " + LIST.tier[i]]
          .filter(Boolean).join(" · "))),
      element("span", {class: "delta"}, change === null ? "" : signed(change / 10)),
      element("span", {class: "pill " + BANDS[LIST.band[profile][i]]},
        score === null ? "–" : shown(score / 10)));
    entry.onclick = () => show(i);
    return entry;
  }));
}

async function show(place, profile = Number($("profile").value)) {
  open = place;
  history.replaceState(null, "", "#" + LIST.id[place]);
  draw();
  const shard = Math.floor(place / LIST.shard);
  try { await load(shard); } catch (error) {
    $("detail").replaceChildren(element("p", {}, t("The data of this customer cannot be loaded:") + " " + error.message));
    return;
  }
  if (open !== place) return;
  const details = shards.get(shard)[place % LIST.shard];
  const chosen = details.find(entry => entry[0] === profile) || details[0];
  $("detail").replaceChildren(...page(place, details, chosen));
}

function page(place, details, [profile, values, past, measures, nodes, changes]) {
  const card = Object.fromEntries(CARD.map((name, i) => [name, values[i]]));
  const band = BANDS[LIST.band[profile][place]];
  // Risk stands with the profile of health alone, and belongs to the customer.
  const risk = details.map(entry => entry[1]).find(other => other[CARD.indexOf("churn")] !== null) || [];
  card.churn = risk[CARD.indexOf("churn")];
  card.risk = risk[CARD.indexOf("risk")] ?? null;
  const tabs = element("div", {class: "tabs"}, ...details.map(([index]) => {
    const button = element("button", {"aria-pressed": index === profile}, PROFILES[LIST.profiles[index]]);
    button.onclick = () => show(place, index);
    return button;
  }));
  const measured = measures.filter(row => row[2] !== null && row[4] !== null);
  const lever = card.lever && byKey.get(LIST.profiles[profile] + "/" + card.lever);
  return [
    element("h2", {}, LIST.organisation[place] || LIST.crm[place] || LIST.id[place]),
    element("p", {class: "small muted"}, [LIST.organisation[place] && LIST.crm[place], LIST.id[place],
      LIST.tier[place] && t("Tier") + " " + LIST.tier[place]].filter(Boolean).join(" · ")),
    tabs,
    element("div", {class: "headline"},
      element("span", {class: "big"}, card.score === null ? t("No score") : shown(card.score)),
      card.score === null ? "" : element("span", {class: "pill " + band}, t(band)),
      card.contradiction ? element("span", {class: "pill amber"}, t("Health and risk contradict each other")) : ""),
    ...remarks(card),
    facts([[t("Coverage"), percent(card.coverage)], [t("Since last month"), signed(change(card))],
      [t("Trend"), card.trend === null ? "–" : t(card.trend)],
      [t("Leaves within 6 months"), percent(card.churn)],
      [t("Risk band"), card.risk === null ? "–" : t(card.risk)],
      [t("Next best lever"), lever === null || lever === undefined ? "–"
        : `${label(LIST.measures[lever])} (${signed(card.gain)})`]]),
    element("h3", {}, t("Where the score comes from")),
    ...measured.map(measureLine),
    element("div", {class: "line total"}, element("span", {}, t("Sum")), element("span"),
      element("span", {class: "number"}, shown(measured.reduce((sum, row) => sum + row[5], 0), 2))),
    ...nodes.length ? [element("h3", {}, t("Dimensions")), ...nodes.map(row => bar(
      label([0, ...LIST.nodes[row[0]].slice(1)]), t("coverage {share}").replace("{share}", percent(row[2])), row[1]))] : [],
    ...changed(card, changes),
    element("h3", {}, t("History")), chart(past),
    ...missing(profile, measures)];
}

const change = card => card.score === null || card.previous === null ? null : card.score - card.previous;

function remarks(card) {
  const said = [];
  if (card.exception) said.push(t("Computed {score}; changed by the exception {id}.")
    .replace("{score}", shown(card.computed)).replace("{id}", card.exception));
  if (card.reason) said.push(t("Set by {team} until {until}: {reason}").replace("{team}", card.team || "–")
    .replace("{until}", card.until || "–").replace("{reason}", card.reason));
  return said.map(text => element("p", {class: "small"}, text));
}

function facts(rows) {
  return element("dl", {class: "facts"}, ...rows.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function measureLine([place, raw, score, weight, effective, adds, evidence, age, rows]) {
  const entry = LIST.measures[place];
  const fresh = age === null ? "" : t("{n} days old").replace("{n}", age);
  const known = raw === null ? "–" : Number(raw.toPrecision(4)).toLocaleString(LANG);
  // The pale bar is what the measure could add at most, the dark one what it adds.
  return element("div", {class: "line"},
    element("span", {}, label(entry), element("small", {}, [`${known} ${entry[4]}`.trim(),
      t("score {score}").replace("{score}", shown(score, 0)),
      rows === null ? "" : t("{n} source rows").replace("{n}", rows.toLocaleString(LANG)), fresh]
      .filter(Boolean).join(" · "))),
    element("span", {class: "track", title: t("weight {share}").replace("{share}", percent(effective))},
      element("i", {class: "whole", style: `left:0;width:${Math.min(effective * 250, 100)}%`}),
      element("i", {style: `left:0;width:${Math.min(adds * 2.5, 100)}%`})),
    element("span", {class: "number"}, shown(adds, 2)));
}

function bar(name, note, score) {
  return element("div", {class: "line"},
    element("span", {}, name, element("small", {}, note)),
    element("span", {class: "track"}, element("i", {style: `left:0;width:${score || 0}%`})),
    element("span", {class: "number"}, shown(score)));
}

function changed(card, changes) {
  const total = change(card);
  if (total === null) return [];
  const parts = [["Values measured", card.value], ["Scale and targets", card.scale],
    ["Configuration", card.configuration], ["Coverage", card.coverageChange],
    ["Exceptions", card.exceptionChange], ["Overrides", card.overrideChange]]
    .filter(([, value]) => value);
  const widest = Math.max(0.01, ...parts.map(([, value]) => Math.abs(value)), ...changes.map(row => Math.abs(row[1])));
  const line = (name, note, value) => element("div", {class: "line"},
    element("span", {}, name, note ? element("small", {}, note) : ""),
    element("span", {class: "track"}, element("b"), element("i", {class: value < 0 ? "minus" : "plus",
      style: `left:${value < 0 ? 50 - 50 * Math.abs(value) / widest : 50}%;width:${50 * Math.abs(value) / widest}%`})),
    element("span", {class: "number"}, signed(value, 2)));
  const short = changes.slice(0, 5);
  return [element("h3", {}, t("Since last month: {from} to {to}").replace("{from}", shown(card.previous))
      .replace("{to}", shown(card.score))),
    ...parts.map(([name, value]) => line(t(name), "", value)),
    element("div", {class: "line total"}, element("span", {}, t("Sum")), element("span"),
      element("span", {class: "number"}, signed(total, 2))),
    ...short.length ? [element("h3", {}, t("Measures that moved it most"))] : [],
    ...short.map(row => line(label(LIST.measures[row[0]]), "", row[1]))];
}

function chart(past) {
  const width = 560, height = 130, left = 30, step = (width - left - 10) / Math.max(LIST.months.length - 1, 1);
  const x = i => left + i * step, y = score => 8 + (100 - score / 10) * 0.96;
  const parts = [[0, 50, "#fdefe5"], [50, 75, "#fdf5e0"], [75, 100, "#e4f5ef"]].map(([low, high, fill]) =>
    `<rect x="${left}" y="${y(high * 10)}" width="${width - left}" height="${(high - low) * 0.96}" fill="${fill}"/>`);
  for (const place of [0, 50, 100]) parts.push(`<text x="${left - 6}" y="${y(place * 10)}" dy=".35em" text-anchor="end" font-size="12" fill="#5a6b78">${place}</text>`);
  // A month without a score leaves a gap.
  let run = [];
  const runs = [];
  past.forEach((point, i) => {
    if (i && point[0] !== past[i - 1][0] + 1) { runs.push(run); run = []; }
    run.push(`${x(point[0]).toFixed(1)},${y(point[1]).toFixed(1)}`);
  });
  runs.push(run);
  for (const points of runs) if (points.length) parts.push(`<polyline points="${points.join(" ")}" fill="none" stroke="#0072b2" stroke-width="2.5"/>`);
  for (const point of past) parts.push(`<circle cx="${x(point[0])}" cy="${y(point[1])}" r="2.6" fill="#0072b2"><title>${LIST.months[point[0]].slice(0, 7)}: ${shown(point[1] / 10)}</title></circle>`);
  const names = [0, LIST.months.length - 1].filter((i, k, all) => all.indexOf(i) === k);
  names.forEach((i, k) => parts.push(`<text x="${x(i)}" y="${height - 6}" text-anchor="${k ? "end" : "start"}" font-size="12" fill="#5a6b78">${LIST.months[i].slice(0, 7)}</text>`));
  const box = element("div");
  box.innerHTML = `<svg class="history" viewBox="0 0 ${width} ${height}" role="img">${parts.join("")}</svg>`;
  return box;
}

function missing(profile, measures) {
  const unmeasured = measures.filter(row => row[2] === null).map(row =>
    [label(LIST.measures[row[0]]), row[3], t("no evidence for this customer")]);
  const absent = LIST.missing.filter(row => row[0] === LIST.profiles[profile])
    .map(row => [LANG === "zh" ? row[4] : row[1], row[2], row[3] || t("no data")]);
  const rows = [...unmeasured, ...absent];
  if (!rows.length) return [];
  return [element("h3", {}, t("Not measured")), ...rows.map(([name, weight, why]) => element("p", {class: "small"},
    name, element("span", {class: "muted"}, ` · ${t("weight {share}").replace("{share}", percent(weight))} · ${why}`)))];
}
