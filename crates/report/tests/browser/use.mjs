// What a reader does: sort, filter, open a cell, switch theme and workers, use keys, copy, come back by an address.
import assert from "node:assert/strict";

export const uses = [
  ["a forest sorts by a column, both ways", sorts],
  ["the filter keeps what has the words and drops what has !words", filters],
  ["a cell opens by its address", opensByHash],
  ["a cell opens by a click, and Back returns", small(opensByClick)],
  ["another number of workers changes the matrix", small(workers)],
  ["keys do what ? says", small(keys)],
  ["the address keeps the state over a reload", small(keeps)],
  ["a table is copied as Markdown", small(copies)],
  ["the theme follows the switch, the address and the system", thorough(themes)],
  ["an address that makes no sense does no harm", thorough(survives)],
];

/** Not on a large page, which takes seconds for what the small ones have shown. */
function small(holds) {
  return (site, tab) => (site.large ? undefined : holds(site, tab));
}

/** Only where a page is looked at thoroughly: it opens many tabs. */
function thorough(holds) {
  return (site, tab) => (site.thorough ? holds(site, tab) : undefined);
}

/** A check of the script, where a page says that it has what is checked. */
const wants = (what) => (site) => site.need("script") && (!what || site.need(what));
const hash = (page) => page.evaluate(() => decodeURIComponent(location.hash));
const paper = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const focus = (page) => page.evaluate(() => document.activeElement.id);
const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30))));
const cell = (id) => `#cell;cell=${encodeURIComponent(id)}`;
const shown = (page) => page.evaluate(() => document.querySelector("#c-id").textContent);

/** What a column holds, row by row: the key that the page sorts by, else the first number, else the text. */
function column(table, index) {
  return [...document.querySelector(table).tBodies[0].rows].map((row) => {
    const at = row.cells[index];
    const key = at?.dataset.v ?? at?.textContent.replace(/,/g, "");
    return Number.isNaN(parseFloat(key)) ? key : parseFloat(key);
  });
}

/** Columns of figures that can be sorted, in the forests of three rows or more. */
function sortable() {
  return [...document.querySelectorAll("table.forest:not(.res)")].flatMap((table) => {
    const figures = (index) => [...table.tBodies[0].rows].filter((row) => /^\W?\d/.test(row.cells[index]?.textContent ?? ""));
    const columns = [...table.tHead.rows[0].cells].map((th, index) => ({ th, table: `#${CSS.escape(table.id)}`, index }));
    const able = columns.filter(({ th, index }) => th.querySelector("button") && !th.ariaSort && figures(index).length > 2);
    return able.map(({ table, index }) => ({ table, index }));
  });
}

async function sorts(site, tab) {
  if (!wants("forest")(site)) return undefined;
  const page = await tab();
  const columns = (await page.evaluate(sortable)).slice(0, 8);
  assert.ok(columns.length > 0, "no forest has a button to sort by");
  let turned = 0;
  for (const { table, index } of columns) turned += await sortsBy(page, table, index);
  assert.ok(turned > 0, "no column has another order downwards than upwards");
  return `${columns.length} columns`;
}

async function sortsBy(page, table, index) {
  const before = await page.evaluate(column, table, index);
  const button = `${table} thead th:nth-child(${index + 1}) button`;
  const orders = new Map();
  for (let click = 0; click < 2; click++) {
    await page.$eval(button, (b) => b.click());
    const marked = await page.$$eval(`${table} thead th[aria-sort]`, (all) => all.map((th) => [th.cellIndex, th.ariaSort]));
    assert.deepEqual(marked.map(([at]) => at), [index], "one column is marked as sorted, this one");
    const [[, order]] = marked;
    const now = await page.evaluate(column, table, index);
    assert.deepEqual([...now].sort(), [...before].sort(), "rows are moved, not lost");
    const numbers = now.filter((value) => typeof value === "number");
    const sign = order === "ascending" ? 1 : -1;
    assert.ok(numbers.every((value, i) => i === 0 || sign * (value - numbers[i - 1]) >= 0), `${order}: ${numbers}`);
    orders.set(order, numbers.join());
  }
  assert.deepEqual([...orders.keys()].sort(), ["ascending", "descending"]);
  return orders.get("ascending") !== orders.get("descending");
}

const rowsOfForests = () =>
  [...document.querySelectorAll("table.forest:not(.res) tbody tr")]
    .filter((row) => row.querySelector("th i.g"))
    .map((row) => ({ name: row.querySelector("th").textContent.trim(), text: row.textContent, seen: row.checkVisibility() }));

async function type(page, words) {
  await page.$eval("#q", (input) => (input.value = ""));
  await page.focus("#q");
  await page.keyboard.type(words);
  await page.waitForFunction((q) => decodeURIComponent(location.hash).includes(`q=${q}`), { timeout: 2000 }, words);
}

async function filters(site, tab) {
  if (!wants("forest")(site)) return undefined;
  const page = await tab();
  const all = (await page.evaluate(rowsOfForests)).filter((row) => row.seen);
  const models = [...new Set(all.map((row) => row.name.split("/")[0]))];
  const has = (word) => (row) => row.text.includes(word);
  const word = models.find((model) => /^[a-z-]+$/.test(model) && !all.every(has(model)));
  assert.ok(word, `a model to filter by among ${models}`);
  for (const [words, fits] of [[word, has(word)], [`!${word}`, (row) => !has(word)(row)]]) {
    await type(page, words);
    const [kept, meant] = [(await page.evaluate(rowsOfForests)).filter((row) => row.seen), all.filter(fits)];
    assert.ok(kept.length > 0 && kept.every(fits), `${words} keeps ${kept.filter((row) => !fits(row))[0]?.text}`);
    assert.equal(kept.length, meant.length, `${words} drops only what it should`);
  }
  await page.focus("#q");
  await page.keyboard.press("Escape");
  await settled(page);
  assert.equal((await page.evaluate(rowsOfForests)).filter((row) => row.seen).length, all.length, "Esc shows all again");
  return `${all.length} rows, by ${word}`;
}

async function opensByHash(site, tab) {
  if (!wants("cell")(site)) return undefined;
  for (const id of site.cells) {
    const page = await tab({ hash: cell(id) });
    assert.equal(await shown(page), id);
    const said = await page.$eval("#c-repro", (e) => e.textContent);
    assert.ok(said.includes("repro"), said);
    await page.waitForFunction(() => document.querySelector("#cell").getBoundingClientRect().top < innerHeight);
  }
  // The address changes in a page that is open: somebody follows a link, or edits it.
  const page = await tab();
  await page.evaluate((to) => (location.hash = to), cell(site.cells[1]));
  await page.waitForFunction((id) => document.querySelector("#c-id").textContent === id, { timeout: 2000 }, site.cells[1]);
  return `${site.cells.length} cells`;
}

/** The first row link of a forest that shows another cell than the one that is open. */
function another() {
  const open = document.querySelector("#c-id").textContent;
  const links = [...document.querySelectorAll("table.forest:not(.res) tbody th a")].filter((a) => a.checkVisibility());
  const link = links.find((a) => !open.includes(a.textContent.trim()));
  link.setAttribute("data-test", "link");
  return link.textContent.trim();
}

async function opensByClick(site, tab) {
  if (!wants("cell")(site)) return undefined;
  for (const back of [(page) => page.goBack(), (page) => page.keyboard.press("Escape")]) {
    const page = await tab();
    const name = await page.evaluate(another);
    await page.$eval("[data-test]", (a) => a.scrollIntoView({ block: "center" }));
    const [was, at] = [await hash(page), await page.evaluate(() => scrollY)];
    await page.$eval("[data-test]", (a) => a.click());
    await settled(page);
    assert.match(await hash(page), /^#cell;.*cell=/);
    const now = await shown(page);
    assert.ok(now.includes(name), `${now} is open, ${name} was clicked`);
    await back(page);
    await page.waitForFunction((h) => decodeURIComponent(location.hash) === h, { timeout: 2000 }, was);
    await page.waitForFunction((y) => Math.abs(scrollY - y) < 200, { timeout: 2000 }, at).catch(async () => {
      assert.fail(`Back leads to ${await page.evaluate(() => scrollY)} px, from ${at}`);
    });
  }
  return "Back and Esc";
}

async function themes(site, tab) {
  if (!site.need("script")) return undefined;
  const page = await tab();
  const light = await paper(page);
  await page.$eval("#t-dark", (input) => input.click());
  const dark = await paper(page);
  assert.notEqual(dark, light, "the switch changes the paper");
  assert.match(await hash(page), /th=dark/);
  await page.$eval("#t-light", (input) => input.click());
  assert.equal(await paper(page), light);
  assert.equal(await paper(await tab({ hash: "#verdicts;th=dark" })), dark, "by the address");
  assert.equal(await paper(await tab({ dark: true })), dark, "by the system");
  assert.equal(await paper(await tab({ dark: true, hash: "#verdicts;th=light" })), light, "the address before the system");
  const bare = await tab({ script: false });
  await bare.click("label:has(#t-dark)");
  assert.equal(await paper(bare), dark, "the switch works without script");
  return `${light}, ${dark}`;
}

const matrix = (page) =>
  page.$$eval(".mx tbody tr", (rows) => rows.filter((row) => row.checkVisibility()).map((row) => row.textContent).join("\n"));

async function workers(site, tab) {
  if (!wants("workers")(site)) return undefined;
  const page = await tab();
  const [was, options, first] = [
    await matrix(page),
    await page.$$eval("#w option", (all) => all.map((option) => option.value)),
    await page.$eval("#w", (select) => select.value),
  ];
  assert.ok(options.length > 1, `numbers of workers: ${options}`);
  const other = options.find((value) => value !== first);
  await page.select("#w", other);
  const now = await matrix(page);
  assert.notEqual(now, was);
  assert.match(await hash(page), new RegExp(`w=${other}`));
  assert.equal(await matrix(await tab({ hash: `#matrix;w=${other}` })), now, "by the address");
  await page.select("#w", first);
  assert.equal(await matrix(page), was, "and back");
  return options.join(", ");
}

const current = (page) => page.evaluate(() => document.activeElement.closest("tr")?.textContent.trim());

async function keys(site, tab) {
  if (!site.need("script")) return undefined;
  const page = await tab();
  await page.keyboard.press("/");
  assert.equal(await focus(page), "q", "/ leads to the filter");
  await page.keyboard.type("zzz");
  await page.keyboard.press("Escape");
  assert.equal(await page.$eval("#q", (input) => input.value), "", "Esc clears it");
  assert.notEqual(await focus(page), "q", "Esc leaves it");
  await page.keyboard.press("?");
  assert.ok(await page.$("dialog[open]"), "? opens the keys");
  await page.keyboard.press("Escape");
  assert.ok(!(await page.$("dialog[open]")), "Esc closes them");
  if (!site.need("cell")) return "/ ? Esc";
  await page.keyboard.press("j");
  const first = await current(page);
  assert.ok(first, "j leads to a row");
  await page.keyboard.press("j");
  assert.notEqual(await current(page), first, "j leads on");
  await page.keyboard.press("k");
  assert.equal(await current(page), first, "k leads back");
  // From the matrix a row may lead to its workload; from a forest Enter opens a cell.
  await page.evaluate(another);
  await page.focus("[data-test]");
  await page.keyboard.press("Enter");
  await settled(page);
  assert.match(await hash(page), /^#cell;/, "Enter opens a cell");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !location.hash.startsWith("#cell"), { timeout: 2000 });
  return "/ j k Enter Esc ?";
}

/** All that an address may hold, read off the page. */
const state = (page, table) =>
  page.evaluate(
    (at) => ({
      q: document.querySelector("#q").value,
      sorted: [...document.querySelectorAll(`${at} th`)].map((th) => th.ariaSort),
      order: [...document.querySelectorAll(`${at} tbody tr`)].map((row) => row.textContent),
      seen: [...document.querySelectorAll(".forest tbody tr")].filter((row) => row.checkVisibility()).length,
      paper: getComputedStyle(document.body).backgroundColor,
      workers: document.querySelector("#w")?.value,
      solo: document.body.dataset.solo,
    }),
    table,
  );

async function keeps(site, tab) {
  if (!wants("forest")(site)) return undefined;
  const page = await tab();
  const [plain] = await page.evaluate(sortable);
  const fresh = await state(page, plain.table);
  await type(page, "threads");
  await page.$eval(`${plain.table} thead th:nth-child(${plain.index + 1}) button`, (b) => b.click());
  await page.$eval("#t-dark", (input) => input.click());
  await page.$eval(".key button", (b) => b.click());
  const other = site.need("workers") && (await page.$$eval("#w option:not(:checked)", (all) => all[0].value));
  if (other) await page.select("#w", other);
  const before = await state(page, plain.table);
  for (const key of ["q", "sorted", "paper", "solo", ...(other ? ["workers"] : [])]) {
    assert.notDeepEqual(before[key], fresh[key], `${key} was changed`);
  }
  await page.reload({ waitUntil: "load" });
  assert.deepEqual(await state(page, plain.table), before);
  return await hash(page);
}

async function copies(site, tab) {
  if (!wants("forest")(site)) return undefined;
  const page = await tab();
  const buttons = (await page.$$("button[data-md]")).slice(0, 12);
  assert.ok(buttons.length > 0, "no button copies a table");
  for (const button of buttons) {
    const drawn = await page.evaluate((b) => {
      window.copied = undefined;
      for (let at = b; at; at = at.parentElement) if (at.localName === "details") at.open = true;
      b.click();
      return [...document.querySelectorAll(`#${CSS.escape(b.dataset.md)} thead svg text`)].map((text) => text.textContent.trim());
    }, button);
    await page.waitForFunction(() => window.copied !== undefined, { timeout: 2000 });
    const lines = (await page.evaluate(() => window.copied)).trim().split("\n");
    const columns = (line) => line.replace(/\\\|/g, "").match(/\|/g)?.length;
    assert.ok(lines.length > 2 && lines.every((line) => /^\|.*\|$/.test(line)), lines.slice(0, 3).join(" / "));
    assert.ok(!drawn.some((text) => text.length > 9 && lines[0].includes(text)), `copies an axis: ${lines[0]}`);
    assert.match(lines[1], /^\|( ?:?-+:? ?\|)+$/);
    assert.ok(lines.every((line) => columns(line) <= columns(lines[0])), `more columns than ${lines[0]}`);
  }
  return `${buttons.length} tables`;
}

async function survives(site, tab) {
  if (!site.need("script")) return undefined;
  const evil = "<img src=x onerror=alert(1)>";
  const addresses = ["#%E0%A4%A", "#;;;=", "#nowhere;w=77;m=zz;th=pink;s=t-none.99.up", `#cell;cell=${evil}`, `#matrix;q=${evil}`];
  for (const address of [...addresses, `#cell;cell=${encodeURIComponent(evil)}`, "#cell;cell=__proto__", "#x;s=t-g0.0.sideways"]) {
    const page = await tab({ hash: address });
    await settled(page);
    assert.equal(await page.$("img"), null, `${address} injects an element`);
    // It still works.
    await page.keyboard.press("?");
    assert.ok(await page.$("dialog[open]"), `${address} stops the script`);
  }
  return `${addresses.length + 3} addresses`;
}
