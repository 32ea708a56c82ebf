// The pages do what they promise, in a real browser: the map shows, plays and answers; links
// restore the view; data, studies and account work; nobody is shut out (axe, keyboard, narrow
// windows); and screenshots are left in test-output/web to be looked at.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { openBrowser, pictures } from './browser.mjs';
import { openLab } from './lab.mjs';

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);
const PASSWORD = 'correct horse battery staple';
const STEP_MS = 60_000;
const get = (name) => `[data-test="${name}"]`;

let lab;
let chromium;
/** Problems that the browser reported while a page was open. */
let complaints;
/** The context of whoever signed in; the tests of what it takes come after the one that does. */
let signedIn;

before(async () => {
  lab = await openLab();
  chromium = await openBrowser();
});
after(async () => {
  await chromium?.close();
  await lab?.close();
});

async function openContext(options = {}) {
  const context = await chromium.browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    ...options,
  });
  context.setDefaultTimeout(STEP_MS);
  return context;
}

/** Opens a path in a fresh context (or a given one) and watches for errors of the page. */
async function openPage(path, { context, ...options } = {}) {
  const page = await (context ?? (await openContext(options))).newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|WebGL.*lost/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(lab.url + path);
  return page;
}

async function closePage(page, isShared = false) {
  assert.deepEqual(complaints, []);
  await (isShared ? page.close() : page.context().close());
}

/** Waits until the map has painted a time of a layer; without a time, any. */
async function painted(page, layer, time = '') {
  await page.waitForFunction(
    (wanted) => document.querySelector('[data-test="map"]')?.dataset.shown?.startsWith(wanted),
    `${layer.id} ${time}`,
  );
  // Painted into the canvas is not yet on the screen.
  await page.waitForTimeout(600);
}

const clock = (time) => time.slice(0, 16);
const shownTime = (page) => page.textContent(get('time'));

/** Colours of a screenshot's pixels, as [r, g, b, ...]; decoded by the browser itself. */
async function pixelsOf(page, selector) {
  const picture = await page.locator(selector).screenshot();
  return page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return [...context.getImageData(0, 0, image.width, image.height).data];
  }, picture.toString('base64'));
}

/** Share of the pixels that have nearly one of the colours. */
function shareOf(pixels, colours) {
  const wanted = colours.map((colour) =>
    [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)),
  );
  let n = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    const isOne = wanted.some((rgb) => rgb.every((c, k) => Math.abs(c - pixels[i + k]) <= 4));
    if (isOne) n++;
  }
  return n / (pixels.length / 4);
}

/** Per pixel of an element, '1' where it has the colour of the map's ground. */
async function groundOf(page, selector) {
  const picture = await page.locator(selector).screenshot();
  return page.evaluate(
    async ([wanted, data]) => {
      const colour = getComputedStyle(document.querySelector(wanted)).backgroundColor;
      const ground = colour.match(/\d+/g).map(Number);
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const { data: pixels } = context.getImageData(0, 0, image.width, image.height);
      let out = '';
      for (let i = 0; i < pixels.length; i += 4) {
        out += ground.every((c, k) => Math.abs(c - pixels[i + k]) <= 6) ? '1' : '0';
      }
      return out;
    },
    [selector, picture.toString('base64')],
  );
}

test('the map opens with hourly PM2.5 and a legend with its unit', async () => {
  const page = await openPage('/');
  await painted(page, lab.grid);
  assert.match(await page.textContent(get('legend')), /µg\/m³/);
  for (const { label } of lab.grid.legend) {
    assert.ok((await page.textContent(get('legend'))).includes(label.en), label.en);
  }
  assert.match(await page.textContent(get('legend')), /Simulated/);
  assert.ok((await shownTime(page)).length > 8);
  await closePage(page);
});

for (const kind of ['grid', 'areas', 'points']) {
  test(`the ${kind} layer is drawn in the colours of its legend`, async () => {
    const layer = lab[kind];
    const time = layer.times[Math.floor(layer.times.length / 2)];
    const page = await openPage(`/?layer=${layer.id}&time=${clock(time)}&smooth=0&opacity=1`);
    await painted(page, layer, time);
    const { values } = await (
      await fetch(`${lab.url}/api/v1/layers/${layer.id}/frame?time=${encodeURIComponent(time)}`)
    ).json();
    const classOf = (value) =>
      layer.legend.findIndex((one) => one.max === null || value <= one.max);
    const present = new Set(values.filter((value) => value !== null).map(classOf));
    const colours = (wanted) =>
      layer.legend.filter((_, i) => present.has(i) === wanted).map((one) => one.colour);
    const least = kind === 'points' ? 0.0005 : 0.15;
    // Tiles come when they come; on a busy machine that takes a while.
    let pixels = await pixelsOf(page, get('map'));
    let drawn = shareOf(pixels, colours(true));
    for (let i = 0; i < 20 && drawn <= least; i++) {
      await page.waitForTimeout(500);
      pixels = await pixelsOf(page, get('map'));
      drawn = shareOf(pixels, colours(true));
    }
    assert.ok(drawn > least, `${drawn} of the map has colours of the values shown`);
    const strange = shareOf(pixels, colours(false));
    assert.ok(strange < 0.001, `${strange} of the map has colours of classes without values`);
    await closePage(page);
  });
}

test('a map of the city ends at the city’s rim and not in steps', async () => {
  // Where the neighbourhoods leave the ground bare, the grid does so too.
  const looks = 'smooth=0&opacity=1&theme=light';
  const seen = {};
  for (const layer of [lab.areas, lab.grid]) {
    const viewport = { width: 900, height: 600 };
    const path = `/?layer=${layer.id}&time=${clock(layer.times[0])}&${looks}`;
    const page = await openPage(path, { viewport });
    await painted(page, layer, layer.times[0]);
    await page.waitForFunction(
      (kind) =>
        kind !== 'grid' || document.querySelector('[data-test="map"]')?.dataset.rim === 'land',
      layer.kind,
    );
    // Tiles come when they come: until the picture stays the same and has something on it.
    for (let i = 0; i < 20; i++) {
      const before = seen[layer.kind];
      seen[layer.kind] = await groundOf(page, get('map'));
      if (seen[layer.kind] === before && before.includes('0000000000')) break;
    }
    await closePage(page);
  }
  let [bare, beyond] = [0, 0];
  for (let i = 0; i < seen.areas.length; i++) {
    if (seen.areas[i] === '0') continue;
    bare++;
    if (seen.grid[i] === '0') beyond++;
  }
  assert.ok(bare > 0.1 * seen.areas.length, `${bare} pixels of bare ground`);
  assert.ok(beyond < 0.005 * bare, `${beyond} of ${bare} pixels beyond the rim are painted`);
});

test('play goes through the hours, and pause stays', async () => {
  const page = await openPage(`/?layer=${lab.grid.id}&time=${clock(lab.grid.times[0])}`);
  await painted(page, lab.grid, lab.grid.times[0]);
  await page.selectOption(get('speed'), '8');
  await page.click(get('play'));
  const seen = new Set();
  for (let i = 0; i < 150 && seen.size < 4; i++) {
    seen.add(await page.getAttribute(get('map'), 'data-shown'));
    await page.waitForTimeout(150);
  }
  assert.ok(seen.size >= 4, `frames seen: ${[...seen]}`);
  await page.click(get('play'));
  await page.waitForTimeout(500);
  const before = await shownTime(page);
  await page.waitForTimeout(800);
  assert.equal(await shownTime(page), before);
  await closePage(page);
});

test('the time slider works by keyboard', async () => {
  const [first, second] = lab.grid.times;
  const page = await openPage(`/?layer=${lab.grid.id}&time=${clock(first)}`);
  await painted(page, lab.grid, first);
  await page.focus(get('slider'));
  const text = () => page.getAttribute(get('slider'), 'aria-valuetext');
  const before = await text();
  await page.keyboard.press('ArrowRight');
  await painted(page, lab.grid, second);
  assert.notEqual(await text(), before);
  await page.keyboard.press('Home');
  await painted(page, lab.grid, first);
  assert.equal(await text(), before);
  await page.keyboard.press('Space');
  await page.waitForFunction(
    (was) => document.querySelector('[data-test="slider"]').getAttribute('aria-valuetext') !== was,
    before,
  );
  await page.keyboard.press('Space');
  await closePage(page);
});

test('a click on the map answers with value, class and chart, and its numbers can be saved', async () => {
  const page = await openPage(`/?layer=${lab.grid.id}`);
  await painted(page, lab.grid);
  const box = await page.locator(get('map')).boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector(`${get('selection')} ${get('chart')} svg [data-mark="line"] path`);
  assert.match(await page.textContent(get('selection')), /\d.*µg\/m³/s);
  assert.match(await page.textContent(get('selection')), /24-hour standard 35/);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click(get('save-csv')),
  ]);
  const csv = readFileSync(await download.path(), 'utf8');
  assert.equal(csv.trim().split('\r\n').length, lab.grid.times.length + 1);
  const [picture] = await Promise.all([page.waitForEvent('download'), page.click(get('save-png'))]);
  assert.equal(
    readFileSync(await picture.path())
      .subarray(1, 4)
      .toString(),
    'PNG',
  );
  const [drawing] = await Promise.all([page.waitForEvent('download'), page.click(get('save-svg'))]);
  assert.match(readFileSync(await drawing.path(), 'utf8'), /^<svg[^>]*xmlns/);
  await page.click(get('close'));
  await page.waitForSelector(get('selection'), { state: 'detached' });
  await closePage(page);
});

test('a neighbourhood and a station can be found by name and answer with their chart', async () => {
  for (const layer of [lab.areas, lab.points]) {
    const page = await openPage(`/?layer=${layer.id}`);
    await painted(page, layer);
    await page.click(`${get('values')} > summary`);
    const first = page.locator(`${get('values')} tbody button`).first();
    await first.waitFor();
    // Names come with the collection; until then the table shows keys.
    await page.waitForFunction(() =>
      /[가-힣]/.test(document.querySelector('[data-test="values"] tbody button')?.textContent),
    );
    const name = (await first.textContent()).split(' ').at(-1);
    await first.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector(`${get('selection')} ${get('chart')} svg [data-mark="line"] path`);
    assert.ok((await page.textContent('#selected-title')).includes(name), name);
    await closePage(page);
  }
});

test('uncertainty, smoothness and opacity change what is drawn', async () => {
  const page = await openPage(`/?layer=${lab.grid.id}`);
  await painted(page, lab.grid);
  await page.check(get('spread'));
  await painted(page, { id: lab.grid.uncertainty });
  const spread = lab.layers.find((one) => one.id === lab.grid.uncertainty);
  assert.ok((await page.textContent(get('legend'))).includes(spread.legend[0].label.en));
  await page.uncheck(get('spread'));
  await painted(page, lab.grid);
  await page.uncheck(get('smooth'));
  await page.fill(get('opacity'), '0.4');
  await page.waitForFunction(
    () => /smooth=0/.test(location.search) && /opacity=0.4/.test(location.search),
  );
  await closePage(page);
});

test('the address holds the view, and restores it for somebody else', async () => {
  const time = lab.areas.times[5];
  const one = await openPage(`/?layer=${lab.areas.id}&time=${clock(time)}`);
  await painted(one, lab.areas, time);
  const box = await one.locator(get('map')).boundingBox();
  await one.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await one.mouse.wheel(0, -300);
  await one.waitForTimeout(1000);
  await one.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await one.waitForSelector(`${get('selection')} ${get('chart')} svg`);
  await one.click(get('theme'));
  await one.click(get('language'));
  await one.waitForFunction(
    () => /lang=ko/.test(location.search) && /theme=dark/.test(location.search),
  );
  await one.waitForTimeout(800);
  const url = one.url();
  const seen = { title: await one.textContent('#selected-title'), time: await shownTime(one) };

  const other = await openPage(url.slice(lab.url.length));
  await painted(other, lab.areas, time);
  await other.waitForSelector(`${get('selection')} ${get('chart')} svg`);
  assert.equal(await other.textContent('#selected-title'), seen.title);
  assert.equal(await shownTime(other), seen.time);
  assert.equal(await other.getAttribute('html', 'lang'), 'ko');
  assert.equal(await other.getAttribute('html', 'data-theme'), 'dark');
  assert.equal(other.url(), url);
  await one.context().close();
  await closePage(other);
});

test('language and theme follow the browser, switch, and are kept', async () => {
  const korean = await openPage('/data', { locale: 'ko-KR', colorScheme: 'dark' });
  await korean.waitForSelector(get('datasets'));
  assert.equal(await korean.getAttribute('html', 'lang'), 'ko');
  assert.equal(await korean.getAttribute('html', 'data-theme'), 'dark');
  assert.equal(await korean.textContent('h1'), '데이터');
  await korean.click(get('language'));
  await korean.click(get('theme'));
  assert.equal(await korean.textContent('h1'), 'Data');
  await korean.goto(`${lab.url}/studies`);
  await korean.waitForSelector('h1');
  assert.equal(await korean.getAttribute('html', 'lang'), 'en');
  assert.equal(await korean.getAttribute('html', 'data-theme'), 'light');
  assert.equal(await korean.textContent('h1'), 'Studies');
  await closePage(korean);
});

test('data is found by search, described, profiled, and drawn back to where it comes from', async () => {
  const page = await openPage('/data');
  await page.waitForSelector(`${get('datasets')} li`);
  const all = await page.locator(`${get('datasets')} li`).count();
  await page.fill('#search', 'air-map');
  await page.waitForFunction(
    (n) => document.querySelectorAll('[data-test="datasets"] li').length < n,
    all,
  );
  await page.click(`${get('datasets')} a[href="/data/sample/air-map"]`);
  await page.waitForSelector(`${get('graph')} svg .node`);
  assert.ok((await page.locator(`${get('graph')} .node.step`).count()) >= 2);
  assert.ok((await page.locator(`${get('graph')} .edge`).count()) >= 4);
  const beyond = await page.$eval(get('graph'), (one) => one.scrollWidth - one.clientWidth);
  assert.ok(beyond <= 0, `the lineage is ${beyond} px wider than its frame`);
  await page.click('section[aria-labelledby="lineage"] details > summary');
  assert.match(await page.textContent('section[aria-labelledby="lineage"] ol'), /geo\.krige/);
  assert.ok((await page.locator(`${get('profile')} svg rect`).count()) > 5);
  assert.match(await page.textContent('main'), /Everybody may see/);
  assert.match(await page.textContent('main'), /µg\/m³/);
  await page.waitForSelector('section[aria-labelledby="preview"] tbody tr');
  const links = page.locator('.actions a[download]');
  assert.ok((await links.count()) >= 3);
  if (lab.isReal) {
    const reply = await page.request.get(lab.url + (await links.first().getAttribute('href')));
    assert.equal(reply.status(), 200);
    assert.match(reply.headers()['content-type'], /text\/csv/);
  }
  await closePage(page);
});

test('a first sign-in has to change its password before anything else', async () => {
  signedIn = await openContext();
  const page = await openPage('/sign-in?to=/account', { context: signedIn });
  await page.fill('#name', 'admin');
  await page.fill('#password', 'not the password');
  await page.click('form button');
  await page.waitForSelector('[role="alert"]');
  assert.match(await page.textContent('[role="alert"]'), /wrong/);
  await page.fill('#password', lab.password);
  await page.click('form button');
  await page.waitForSelector(get('password-form'));
  assert.match(await page.textContent('main'), /one-time password/);
  await page.goto(`${lab.url}/data`);
  await page.waitForSelector(get('password-form'));
  await page.fill('#password-old', lab.password);
  await page.fill('#password-new', PASSWORD);
  await page.fill('#password-again', 'something else again');
  await page.click(`${get('password-form')} button`);
  await page.waitForSelector('[role="alert"]');
  await page.fill('#password-again', PASSWORD);
  await page.click(`${get('password-form')} button`);
  await page.waitForSelector(get('datasets'));
  assert.match(await page.textContent('header'), /admin/);
  await closePage(page, true);
});

test('a token is made, shown once, works, and works no more when revoked', async () => {
  const page = await openPage('/account', { context: signedIn });
  await page.fill('#token-label', 'nightly report');
  await page.click('form:has(#token-label) button');
  const token = await page.textContent(get('token'));
  assert.ok(token.length > 8);
  await page.waitForSelector(`${get('tokens')} >> text=nightly report`);
  const ask = async () =>
    (await fetch(`${lab.url}/api/v1/datasets`, { headers: { Authorization: `Bearer ${token}` } }))
      .status;
  if (lab.isReal) assert.equal(await ask(), 200);
  await page.reload();
  await page.waitForSelector(get('tokens'));
  assert.ok(!(await page.content()).includes(token));
  await page.click(`${get('tokens')} button`);
  await page.waitForSelector(get('tokens'), { state: 'detached' });
  if (lab.isReal) assert.equal(await ask(), 401);
  await closePage(page, true);
});

test('a dataset is described by somebody who may', async () => {
  const page = await openPage('/data/sample/air-map', { context: signedIn });
  await page.click(get('edit'));
  await page.fill('#edit-contact', 'air@example.org');
  await page.click(`${get('edit-form')} button:not([type="button"])`);
  await page.waitForSelector(get('edit-form'), { state: 'detached' });
  await page.waitForFunction(() =>
    document.querySelector('main').textContent.includes('air@example.org'),
  );
  await closePage(page, true);
});

test('a study runs to its end, and a second run finds that nothing changed', async () => {
  const run = async () => {
    const page = await openPage('/studies/air-now', { context: signedIn });
    await page.waitForSelector(`${get('graph')} .node.step`);
    await page.fill('#parameter-nmax', '24');
    await page.click(get('run'));
    await page.waitForURL(/\/jobs\//);
    await page.waitForSelector(`${get('job-state')}[data-state="successful"]`, {
      timeout: 120_000,
    });
    await page.waitForSelector(`${get('report')} tbody tr`);
    const summary = (await page.textContent(get('report-summary'))).trim();
    await page.waitForFunction(() => document.querySelector('pre').textContent.length > 20);
    assert.ok((await page.locator(`${get('report')} a[href^="/data/sample/"]`).count()) > 0);
    await closePage(page, true);
    return summary;
  };
  assert.match(await run(), /were computed/);
  assert.match(await run(), /Nothing had changed/);
});

test('the audit log is shown to an administrator, and to nobody else', async () => {
  const page = await openPage('/audit', { context: signedIn });
  await page.waitForSelector(`${get('audit')} tbody tr`);
  assert.match(await page.textContent('main'), /unbroken/);
  await closePage(page, true);
  if (lab.isReal) {
    const visitor = await openPage('/audit');
    await visitor.waitForSelector('[role="alert"]');
    assert.equal(await visitor.locator(get('audit')).count(), 0);
    await closePage(visitor);
  }
});

test('alerts: what is in force, the history by level and pollutant, and news as they come', async () => {
  const { alerts } = await (await fetch(`${lab.url}/api/v1/alerts?limit=1000`)).json();
  assert.ok(alerts.length > 0);
  const cards = `${get('standing')} li`;
  const rows = `${get('alerts')} tbody tr`;
  const hasRows = (page, n) =>
    page.waitForFunction(
      ([selector, wanted]) => document.querySelectorAll(selector).length === wanted,
      [rows, Math.min(n, 100)],
    );
  const page = await openPage('/air/sample/alerts');
  await page.waitForSelector(rows);
  await hasRows(page, alerts.length);
  const standing = alerts.filter((one) => one.released === null);
  assert.equal(await page.locator(cards).count(), standing.length);
  for (const { zone } of standing) {
    assert.ok((await page.textContent(get('standing'))).includes(zone), zone);
  }
  if (!lab.isReal) {
    // The worst comes first, in words.
    assert.match(await page.locator(cards).first().textContent(), /동부 PM2\.5.*Warning.*172/s);
    assert.match(await page.textContent(get('alerts')), /withdrawn after a correction/);
  }
  const bars = `${get('chart')} svg rect`;
  assert.equal(await page.locator(bars).count(), alerts.length);

  const { level, pollutant } = alerts.at(-1);
  const ofLevel = alerts.filter((one) => one.level === level);
  await page.selectOption(get('level'), level);
  await hasRows(page, ofLevel.length);
  const both = ofLevel.filter((one) => one.pollutant === pollutant);
  await page.selectOption(get('pollutant'), pollutant);
  await hasRows(page, both.length);
  assert.equal(await page.locator(bars).count(), both.length);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click(get('save-csv')),
  ]);
  const csv = readFileSync(await download.path(), 'utf8');
  assert.equal(csv.trim().split('\r\n').length, both.length + 1);
  await page.selectOption(get('level'), '');
  await page.selectOption(get('pollutant'), '');

  if (!lab.isReal) {
    lab.raise('남부', 'pm10_ugm3', 188);
    await page.waitForSelector(`${get('standing')} >> text=남부 PM10`);
    await hasRows(page, alerts.length + 1);
  }
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(
    violations.map((one) => one.id),
    [],
  );
  await closePage(page);

  const other = await openPage('/air/nowhere/alerts', { locale: 'ko-KR' });
  await other.waitForSelector(get('nowatch'));
  assert.match(await other.textContent(get('nowatch')), /dosi alerts watch nowhere/);
  await closePage(other);
});

test('alerts that a webhook never got are told to an administrator only', async (context) => {
  if (!lab.isReal) return context.skip('needs the program');
  const page = await openPage('/air/sample/alerts', { context: signedIn });
  await page.waitForSelector(get('hooks'));
  assert.match(await page.textContent(get('hooks')), /desk\s*given up after 12 tries/);
  assert.match(await page.textContent(get('undelivered')), /Webhook desk was not told/);
  await closePage(page, true);
  const other = await openPage('/air/sample/alerts');
  await other.waitForSelector(get('alerts'));
  assert.equal(await other.locator(`${get('undelivered')}, ${get('hooks')}`).count(), 0);
  await closePage(other);
});

test('failures are told in plain words, with a way on', async () => {
  const context = await openContext();
  await context.route('**/api/v1/layers', (route) => route.abort());
  await context.route('**/api/v1/datasets', (route) => route.fulfill({ status: 500, body: '' }));
  const page = await openPage('/', { context });
  await page.waitForSelector('[role="alert"]');
  assert.match(await page.textContent('[role="alert"]'), /does not answer/);
  await context.unroute('**/api/v1/layers');
  await page.click('main button');
  await painted(page, lab.grid);
  await page.goto(`${lab.url}/data`);
  await page.waitForSelector('[role="alert"]');
  // A page whose program did not arrive is loaded anew.
  await context.route('**/assets/StudiesPage*', (route) => route.abort());
  await page.click('header a[href="/studies"]');
  await page.waitForSelector(get('reload'));
  await context.unroute('**/assets/StudiesPage*');
  await page.click(get('reload'));
  await page.waitForSelector('.studies li');
  await page.goto(`${lab.url}/no/such/page`);
  assert.match(await page.textContent('h1'), /does not exist/);
  await context.close();
});

/** Every page, with what has to be there before it is looked at. */
const views = () => [
  ['now', `/?layer=${lab.grid.id}&time=${clock(lab.grid.times[40])}`, get('time')],
  [
    'now-areas',
    `/?layer=${lab.areas.id}&time=${clock(lab.areas.times[40])}&key=${lab.key}`,
    `${get('chart')} svg`,
  ],
  ['now-stations', `/?layer=${lab.points.id}&time=${clock(lab.points.times[40])}`, get('time')],
  ['air', '/air', `${get('stations')} tbody a`],
  ['air-sample', '/air/sample', `${get('stations')} tbody a`],
  ['station', `/air/sample/stations/${lab.station}`, get('latest')],
  ['episodes', '/air/sample/episodes', `${get('episodes')} li, main .notice`],
  ['alerts', '/air/sample/alerts', `${get('alerts')} tr`],
  ['data', '/data', `${get('datasets')} li`],
  ['dataset', '/data/sample/air-map', `${get('graph')} svg`],
  ['studies', '/studies', '.studies li'],
  ['study', '/studies/air-now', `${get('graph')} svg`],
  ['sign-in', '/sign-in', '#name'],
  ['account', '/account', '#token-label'],
  ['audit', '/audit', `${get('audit')} tr`],
  ['job', lab.job, get('report')],
];

for (const theme of ['light', 'dark']) {
  for (const [shape, viewport] of Object.entries({
    desktop: { width: 1280, height: 800 },
    phone: { width: 360, height: 740 },
    zoomed: { width: 640, height: 400 },
  })) {
    test(`no page shuts anybody out: ${theme}, ${shape}`, async () => {
      const places = await fetch(
        `${lab.url}/api/v1/layers/${lab.areas.id}/frame?time=${encodeURIComponent(lab.areas.times[40])}`,
      );
      lab.key = (await places.json()).keys[0];
      const points = await fetch(
        `${lab.url}/api/v1/layers/${lab.points.id}/frame?time=${encodeURIComponent(lab.points.times[40])}`,
      );
      lab.station = (await points.json()).keys[0];
      const cookies = await signedIn.cookies();
      const jobs = await fetch(`${lab.url}/api/v1/jobs`, {
        headers: { Cookie: cookies.map((one) => `${one.name}=${one.value}`).join('; ') },
      });
      lab.job = `/jobs/${(await jobs.json()).jobs[0].id}`;
      const context = await openContext({
        viewport,
        colorScheme: theme,
        locale: theme === 'light' ? 'ko-KR' : 'en-GB',
        storageState: await signedIn.storageState(),
        reducedMotion: 'reduce',
      });
      await context.addInitScript(() => localStorage.clear());
      const found = [];
      for (const [name, path, ready] of views()) {
        const page = await openPage(path, { context });
        await page.waitForSelector(ready);
        await page.waitForTimeout(name.startsWith('now') ? 2000 : 300);
        await page.screenshot({
          path: `${pictures}/${name}-${theme}-${shape}.png`,
          fullPage: shape !== 'desktop' || !name.startsWith('now'),
        });
        if (shape === 'desktop' && name.startsWith('now')) {
          const tall = await page.evaluate(
            () => document.documentElement.scrollHeight - innerHeight,
          );
          if (tall > 0) found.push(`${name}: the map is ${tall} px taller than the window`);
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) found.push(`${name}: ${wide} px wider than the window`);
        if (shape !== 'zoomed') {
          await page.evaluate(axeSource);
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          for (const { id, nodes } of violations) {
            found.push(`${name}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`);
          }
        }
        found.push(...complaints.map((text) => `${name}: ${text}`));
        await page.close();
      }
      assert.deepEqual(found, []);
      await context.close();
    });
  }
}

test('signing out ends the session', async () => {
  const page = await openPage('/account', { context: signedIn });
  await page.click(get('sign-out'));
  await page.waitForSelector('header a[href="/sign-in"]');
  await page.goto(`${lab.url}/account`);
  await page.waitForSelector('main a[href^="/sign-in"]');
  await closePage(page, true);
  await signedIn.close();
});
