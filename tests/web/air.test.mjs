// What the pages of air results show is what the data say: one number at least of every chart equals
// what SQL gives, every chart is saved as CSV, SVG and PNG, the source explorer leads to the sample
// city's true stacks, and no page asks for what is not there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { openBrowser, pictures } from './browser.mjs';

const url = process.env.DOSI_URL;
const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);
const get = (name) => `[data-test="${name}"]`;

let chromium;
let station;

/** Rows of a query, as a visitor may ask it. */
async function sql(text) {
  const reply = await fetch(`${url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Dosi': '1' },
    body: JSON.stringify({ sql: text, format: 'json', limit: 60000 }),
  });
  assert.equal(reply.status, 200, text);
  return (await reply.json()).rows;
}

before(async () => {
  chromium = await openBrowser();
  [[station]] = await sql('SELECT min(station) FROM "sample/stations"');
});
after(() => chromium?.close());

/** Opens a page, and what it had to complain about. */
async function openPage(path, options = {}) {
  const context = await chromium.browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('response', (reply) => {
    if (reply.status() >= 400) complaints.push(`${reply.status()} ${reply.url()}`);
  });
  await page.goto(url + path, { waitUntil: 'load' });
  return { page, complaints, close: () => context.close() };
}

/** How many colours a picture has; the browser decodes it. */
function inksOf(page, picture) {
  return page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const pixels = new Uint32Array(
      context.getImageData(0, 0, image.width, image.height).data.buffer,
    );
    return new Set(pixels).size;
  }, picture.toString('base64'));
}

/** What a button saves. */
async function saved(page, selector) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
  return readFileSync(await download.path());
}

/** The CSV of a chart as rows of cells; no field of these has a comma in it. */
async function rowsOf(page, section) {
  const text = (await saved(page, `${section} ${get('save-csv')}`)).toString('utf8');
  return text
    .replace(/^\ufeff/, '')
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));
}

function near(value, truth, what) {
  const size = Math.max(1e-12, Math.abs(truth));
  assert.ok(Math.abs(Number(value) - truth) <= 1e-9 * size, `${what}: ${value}, not ${truth}`);
}

/** Each chart: where it is, and the cell (found by its row's beginning) with its truth in SQL. */
const CHARTS = [
  {
    name: 'hour by hour',
    path: () => `/air/sample/stations/${station}`,
    section: 'section[aria-labelledby="hours"]',
    row: /^2025-03-05T08:00/,
    sql: () => `SELECT pm25_ugm3 FROM "sample/air-qc" WHERE station = '${station}'
      AND time = '2025-03-05 08:00' AND coalesce(pm25_ugm3_flag, 0) = 0`,
  },
  {
    name: 'calendar',
    path: () => `/air/sample/stations/${station}`,
    section: get('calendar'),
    row: /^2025-03-05$/,
    sql: () => `SELECT avg(pm25_ugm3) FROM "sample/air-qc" WHERE station = '${station}'
      AND time > '2025-03-05 00:00' AND time <= '2025-03-06 00:00'
      AND coalesce(pm25_ugm3_flag, 0) = 0`,
  },
  {
    name: 'course of the day',
    path: () => `/air/sample/stations/${station}`,
    section: get('diurnal'),
    row: /^Monday to Friday$/,
    second: '8',
    column: 3,
    sql: () => `SELECT avg(pm25_ugm3) FROM "sample/air-qc" WHERE station = '${station}'
      AND hour(time) = 9 AND isodow(time) <= 5 AND coalesce(pm25_ugm3_flag, 0) = 0`,
  },
  {
    name: 'polar plot',
    path: () => `/air/sample/stations/${station}`,
    section: get('polar'),
    row: /./,
    column: 2,
    sql: (row) => `SELECT value FROM "sample/air-polar-pm25" WHERE station = '${station}'
      AND abs(u_ms - (${row[0]})) < 1e-9 AND abs(v_ms - (${row[1]})) < 1e-9`,
  },
  {
    name: 'wind rose',
    path: () => `/air/sample/stations/${station}`,
    section: get('rose'),
    row: /^270$/,
    column: -1,
    sql: (row, rows) => {
      const first = rows.filter((one) => one[0] === row[0])[0] === row;
      assert.ok(first);
      return `SELECT share_pct / 100 FROM "sample/air-rose" WHERE station = '${station}'
        AND direction_deg = 270 AND low = ${/[\d.]+/.exec(row[1])[0]}`;
    },
  },
  {
    name: 'weather taken out',
    path: () => `/air/sample/stations/${station}`,
    section: get('normalised'),
    row: /^2025-03-05$/,
    column: 2,
    sql: () => `SELECT avg(normalised) FROM "sample/air-normalised" WHERE station = '${station}'
      AND time > '2025-03-05 00:00' AND time <= '2025-03-06 00:00'`,
  },
  {
    name: 'trend',
    path: () => '/air/long/stations/L1',
    section: get('trend'),
    row: /^2023-06/,
    column: 3,
    sql: (row) => `SELECT fitted FROM "long/air-trend-series" WHERE station = 'L1'
      AND time = '${row[0].slice(0, 19).replace('T', ' ')}'`,
  },
  {
    name: 'months with the weather taken out',
    path: () => '/air/long/stations/L1',
    section: get('normalised'),
    row: /^2022-07/,
    column: 1,
    sql: () => `SELECT avg(observed) FROM "long/air-normalised"
      WHERE time > '2022-07-01' AND time <= '2022-08-01'`,
  },
  {
    name: 'forecast',
    path: () => `/air/sample/forecast?station=${station}`,
    section: get('forecast'),
    row: /^2025-03-29T06:00/,
    column: 2,
    sql: () => `SELECT value FROM "sample/air-forecast" WHERE station = '${station}'
      AND pollutant = 'pm25_ugm3' AND horizon_h = 6`,
  },
  {
    name: 'skill of forecasts',
    path: () => `/air/sample/forecast?station=${station}`,
    section: get('skill'),
    row: /^6$/,
    column: 3,
    sql: () => `SELECT mae_persistence FROM "sample/air-forecast-check"
      WHERE station = '${station}' AND pollutant = 'pm25_ugm3' AND horizon_h = 6`,
  },
  {
    name: 'coverage of intervals',
    path: () => `/air/sample/forecast?station=${station}`,
    section: get('coverage'),
    row: /^24$/,
    sql: () => `SELECT coverage FROM "sample/air-forecast-check"
      WHERE station = '${station}' AND pollutant = 'pm25_ugm3' AND horizon_h = 24`,
  },
  {
    name: 'exposure',
    path: () => '/air/sample/year',
    section: get('exposure'),
    row: 'last',
    column: 2,
    sql: () => 'SELECT sum(population) FROM "sample/dong"',
  },
  {
    name: 'roads by class',
    path: () => '/air/sample/streets',
    section: get('street-parts'),
    row: /./,
    column: 2,
    sql: (row) => `SELECT nox_ugm3 FROM "sample/road-contributions" c
      JOIN "sample/stations" s USING (station)
      WHERE s.name = '${row[0]}' AND left(c."group", 4) = '${row[1].slice(0, 4).toLowerCase()}'`,
  },
  {
    name: 'roads with the change',
    path: () => '/air/sample/streets',
    section: get('street-hours'),
    row: /T18:00/,
    column: 2,
    sql: () => `SELECT nox_ugm3 + nox_ugm3_change FROM "sample/road-receptors"
      WHERE time = '2025-03-03 18:00' AND station = (SELECT station
        FROM "sample/road-contributions" GROUP BY 1 ORDER BY sum(nox_ugm3) DESC LIMIT 1)`,
  },
  {
    name: 'shares of species',
    path: () => '/air/sample/factors',
    section: get('shares'),
    row: /^zinc$/,
    second: 'Source 1',
    column: 2,
    sql: () => `SELECT share_of_species FROM "sample/air-factor-profiles"
      WHERE factor = 1 AND species = 'zinc'`,
  },
  {
    name: 'profile of a source with its intervals',
    path: () => '/air/sample/factors',
    section: get('profile'),
    row: /^sulphate$/,
    column: 5,
    sql: () => `SELECT high FROM "sample/air-factor-intervals"
      WHERE factor = 1 AND species = 'sulphate' AND method = 'disp' AND level = 4`,
  },
  {
    name: 'contributions of a source',
    path: () => '/air/sample/factors',
    section: get('contributions'),
    row: /^2025-01-02T06:00/,
    sql: () => `SELECT mass FROM "sample/air-factor-contributions"
      WHERE factor = 1 AND time = '2025-01-02 06:00'`,
  },
  {
    name: 'mean of an episode',
    path: () => '/air/sample/episodes',
    section: 'section.replay',
    row: /./,
    sql: (row) => `SELECT pm25_ugm3 FROM "sample/air-city"
      WHERE time = '${row[0].slice(0, 16).replace('T', ' ')}'`,
  },
  {
    name: 'mean of the stations where no study was run',
    path: () => '/air/bare/episodes',
    section: 'section.replay',
    row: /^2020-02-01T03:00/,
    sql: () => `SELECT avg(pm25_ugm3) FROM "bare/air-hourly" WHERE time = '2020-02-01 03:00'`,
  },
  {
    name: 'sources on the map',
    path: () => '/air/sample/sources',
    section: '.map',
    row: /^1$/,
    column: 3,
    sql: () => `SELECT strength_gs FROM "sample/air-found-sources" WHERE source = '1'`,
  },
];

for (const chart of CHARTS) {
  test(`${chart.name}: the number shown is the data’s, and the chart is saved as a picture`, async () => {
    const { page, complaints, close } = await openPage(chart.path());
    const svg = `${chart.section} svg`;
    await page.waitForSelector(svg);
    await page.waitForSelector(`${chart.section} ${get('save-csv')}`);
    await page.waitForTimeout(300);
    const [, ...rows] = await rowsOf(page, chart.section);
    const fits = (row) =>
      chart.row.test(row[0]) && (chart.second === undefined || row[1] === chart.second);
    const row = chart.row === 'last' ? rows.at(-1) : rows.find(fits);
    assert.ok(row, `no such row among ${rows.length}`);
    const [[truth]] = await sql(chart.sql(row, rows));
    near(row.at(chart.column ?? 1), truth, chart.name);

    const drawing = (await saved(page, `${chart.section} ${get('save-svg')}`)).toString('utf8');
    assert.match(drawing, /^<svg[^>]*xmlns/);
    assert.ok(Number(/\bwidth="([\d.]+)/.exec(drawing)?.[1]) > 200, 'the whole chart, not its key');
    assert.ok(
      !/fill: ?var\(|stroke: ?var\(/.test(drawing),
      'colours that mean something elsewhere',
    );
    const picture = await saved(page, `${chart.section} ${get('save-png')}`);
    assert.equal(picture.subarray(1, 4).toString(), 'PNG');
    assert.ok(picture.readUInt32BE(16) > 400, 'a picture of twice the size');
    assert.ok((await inksOf(page, picture)) > 8, 'a picture with something on it');
    // It stands on a ground of its own (a viewer's may be white) and says what it shows.
    assert.match(drawing, /^<svg[^>]*><rect[^>]*fill="(#|rgb)[^>]*><text[^>]*>[^<]{3,}<\/text>/);
    // What is drawn is in the file: as many shapes and words as on the page.
    const shapes = await page.$$eval(svg, (all) =>
      Math.max(...all.map((one) => one.querySelectorAll('*').length)),
    );
    const kept = (drawing.match(/<[a-z]/g) ?? []).length;
    assert.ok(shapes > 10 && kept >= shapes, `${kept} of ${shapes} shapes`);
    assert.deepEqual(complaints, []);
    await close();
  });
}

test('a picture saved in the dark theme is read on any ground', async () => {
  const { page, complaints, close } = await openPage(`/air/sample/stations/${station}`, {
    colorScheme: 'dark',
    locale: 'ko-KR',
  });
  await page.waitForSelector(`${get('calendar')} svg`);
  const drawing = (await saved(page, `${get('calendar')} ${get('save-svg')}`)).toString('utf8');
  const { ground, ink } = await page.evaluate((text) => {
    const frame = document.createElement('div');
    frame.style.cssText = 'background: white; color: black';
    frame.innerHTML = text;
    document.body.append(frame);
    const lightOf = (colour) => {
      const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
      return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
    };
    const styleOf = (name) => getComputedStyle(frame.querySelector(name)).fill;
    return { ground: lightOf(styleOf('rect')), ink: lightOf(styleOf('text')) };
  }, drawing);
  assert.ok(ground < 0.2 && ink > 0.7, `${ink} on ${ground}`);
  assert.match(drawing, /하루 평균/);
  assert.deepEqual(complaints, []);
  await close();
});

test('columns of a chart’s numbers name their unit', async () => {
  const { page, complaints, close } = await openPage(`/air/sample/stations/${station}`);
  for (const section of ['diurnal', 'normalised', 'calendar']) {
    await page.waitForSelector(`${get(section)} svg`);
    const [header] = await rowsOf(page, get(section));
    assert.match(header.at(-1), /\(µg\/m³\)$/, section);
  }
  assert.deepEqual(complaints, []);
  await close();
});

test('where it is worst now, why, and what if a road closes: two clicks each', async () => {
  const [[id, name, cai]] = await sql(`SELECT station, name, cai FROM "sample/air-index"
    JOIN "sample/stations" USING (station)
    WHERE time = (SELECT max(time) FROM "sample/air-index" WHERE cai IS NOT NULL)
    ORDER BY cai DESC, station LIMIT 1`);
  const { page, complaints, close } = await openPage('/');
  await page.click('header a[href="/air"]');
  await page.waitForURL(/\/air$/);
  await page.selectOption('#organisation', 'sample');
  await page.waitForSelector(get('worst'));
  await page.waitForFunction(
    ([selector, said]) => document.querySelector(selector)?.textContent.includes(said),
    [get('worst'), name],
  );
  assert.ok((await page.textContent(get('worst'))).includes(`index ${cai}`));
  await page.click(`${get('worst')} a[href*="/sources"]`);
  await page.waitForSelector(`${get('contributions')} tbody tr`);
  assert.equal(await page.inputValue(get('source-station')), id);
  await page.goBack();
  await page.click(`${get('worst')} a[href$="#close"]`);
  await page.waitForSelector(get('road'));
  const [[road, n]] = await sql(`SELECT name, count(*) AS n FROM "sample/roads"
    GROUP BY name ORDER BY n DESC, name LIMIT 1`);
  await page.fill(get('road'), 'no such road');
  await page.waitForSelector(`${get('close-road')} [role="status"]`);
  await page.fill(get('road'), road);
  await page.click(get('close-go'));
  // The study's form is filled in: all links of the road, none of their traffic, all else as it is.
  await page.waitForSelector('#parameter-links');
  await page.waitForFunction(() => document.querySelector('#parameter-flow').value === '0');
  const links = (await page.inputValue('#parameter-links')).split(',');
  assert.equal(links.length, n);
  assert.equal(await page.inputValue('#parameter-trucks'), '1');
  const signIn = await page.getAttribute('main a[href^="/sign-in"]', 'href');
  assert.match(decodeURIComponent(signIn), /\/studies\/air-street\?.*flow=0/);
  assert.deepEqual(complaints, []);
  await close();
});

test('a city without readings is said to have none', async () => {
  const { page, complaints, close } = await openPage('/air/nowhere');
  await page.waitForSelector('main .notice');
  assert.match(await page.textContent('main'), /no stations with hourly readings of “nowhere”/);
  assert.equal(await page.locator('.ways').count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test('a click on a true stack leads to the source found there, and how sure it is', async () => {
  const stacks = await sql(
    `SELECT so2_gs, geometry FROM "sample/emission-sources" WHERE kind = 'stack'`,
  );
  const found = await sql('SELECT source, geometry FROM "sample/air-found-sources"');
  assert.ok(stacks.length >= 3 && found.length >= 2);
  const { page, complaints, close } = await openPage('/air/sample/sources');
  await page.waitForSelector(`${get('source-map')} circle.source`);
  await page.waitForSelector(`${get('contributions')} tbody tr`);
  // Two of the sources on the picture tell where any place lies on it; measured in one go, when
  // the page has its fonts and does not move any more.
  const { box, drawn } = await page.evaluate(async (selector) => {
    await document.fonts.ready;
    const map = document.querySelector(selector);
    const middleOf = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
    const { x, y, width, height } = map.getBoundingClientRect();
    return {
      box: { x, y, width, height },
      drawn: [...map.querySelectorAll('circle.source')].map((one) =>
        middleOf(one.getBoundingClientRect()),
      ),
    };
  }, get('source-map'));
  const [first, other] = [found[0][1].coordinates, found[1][1].coordinates];
  const at = (axis, degrees) =>
    drawn[0][axis] +
    ((degrees - first[axis]) / (other[axis] - first[axis])) * (drawn[1][axis] - drawn[0][axis]);
  let right = 0;
  for (const [strength, { coordinates }] of stacks) {
    const [x, y] = [at(0, coordinates[0]), at(1, coordinates[1])];
    assert.ok(x > box.x && y > box.y && x < box.x + box.width && y < box.y + box.height);
    await page.mouse.click(x, y);
    const text = await page.textContent(get('near'));
    const said = /([\d.]+) (m|km) away.* ([\d.]+) g\/s \(95 %: [\d.]+–[\d.]+\)/.exec(text);
    assert.ok(said, text);
    const km = Number(said[1]) / (said[2] === 'm' ? 1000 : 1);
    const guess = Number(said[3]);
    if (km <= 0.3 && Math.abs(guess / strength - 1) <= 0.3) right++;
    assert.ok((await page.locator(`${get('contributions')} tbody tr`).count()) >= 2);
  }
  assert.ok(right >= 0.8 * stacks.length, `${right} of ${stacks.length} within 300 m and 30 %`);
  assert.deepEqual(complaints, []);
  await close();
});

test('a source is explained in plain words, by keyboard too', async () => {
  const [[source, low, high]] = await sql(`SELECT source, lower_gs, upper_gs
    FROM "sample/air-found-sources" ORDER BY evidence DESC LIMIT 1`);
  const { page, complaints, close } = await openPage('/air/sample/sources', { locale: 'ko-KR' });
  const button = page.getByRole('button', { name: `배출원 ${source} 설명` });
  await button.focus();
  await page.keyboard.press('Enter');
  const text = await page.textContent(get('plain'));
  assert.match(text, /확실합니다/);
  const said = /세기가 ([\d.,]+)에서 ([\d.,]+) g\/s/.exec(text);
  assert.ok(said, text);
  const isShown = (shown, truth) => Math.abs(Number(shown.replace(',', '')) / truth - 1) < 0.01;
  assert.ok(isShown(said[1], low) && isShown(said[2], high), `${text}, not ${low} to ${high}`);
  assert.deepEqual(complaints, []);
  await close();
});

test('forecasts are offered for the pollutants that have one', async () => {
  const known = await sql('SELECT DISTINCT pollutant FROM "sample/air-forecast" ORDER BY 1');
  const { page, complaints, close } = await openPage('/air/sample/forecast');
  await page.waitForSelector(get('forecast'));
  const offered = await page.$$eval(`${get('pollutant')} option`, (all) =>
    all.map((one) => one.value),
  );
  assert.deepEqual([...offered].sort(), known.flat());
  for (const one of offered) {
    await page.selectOption(get('pollutant'), one);
    await page.waitForSelector(`${get('forecast')} svg`);
  }
  assert.deepEqual(complaints, []);
  await close();
});

test('times of alerts are in the language of the page', async () => {
  const { page, complaints, close } = await openPage('/air/sample/alerts', { locale: 'ko-KR' });
  await page.waitForSelector(`${get('chart')} svg`);
  const words = await page.$$eval(`${get('chart')} svg text`, (all) =>
    all.map((one) => one.textContent),
  );
  assert.ok(words.length > 4);
  assert.deepEqual(
    words.filter((one) => /[A-Z][a-z]{2}/.test(one)),
    [],
  );
  assert.deepEqual(complaints, []);
  await close();
});

test('no word of a chart is cut off on a phone, in either language', async () => {
  const paths = [
    `stations/${station}`,
    'alerts',
    'streets',
    'forecast',
    'year',
    'episodes',
    'factors',
  ];
  for (const locale of ['en-GB', 'ko-KR']) {
    for (const path of [...paths.map((one) => `/air/sample/${one}`), '/air/long/stations/L1']) {
      const viewport = { width: 360, height: 740 };
      const { page, close } = await openPage(path, { locale, viewport });
      await page
        .locator(`${get('chart')} svg`)
        .first()
        .waitFor();
      await page.waitForTimeout(1500);
      const cut = await page.$$eval(`${get('chart')} svg`, (all) =>
        all.flatMap((picture) => {
          const frame = picture.getBoundingClientRect();
          const isCut = (text) => {
            const { left, right, width } = text.getBoundingClientRect();
            return width > 0 && (left < frame.left - 1 || right > frame.right + 1);
          };
          return [...picture.querySelectorAll('text')].filter(isCut).map((one) => one.textContent);
        }),
      );
      assert.deepEqual(cut, [], `${path} ${locale}`);
      await close();
    }
  }
});

test('every result is two clicks from the Air section', async () => {
  const { page, complaints, close } = await openPage('/air/sample');
  await page.waitForSelector('.ways a');
  const ways = await page.$$eval('.ways a', (all) => all.map((one) => one.getAttribute('href')));
  for (const one of ['forecast', 'alerts', 'episodes', 'year', 'sources', 'streets', 'factors']) {
    assert.ok(ways.includes(`/air/sample/${one}`), one);
  }
  assert.deepEqual(complaints, []);
  await close();
});

test('maps of the year: pollutant and statistic choose the layer, a click tells its value', async () => {
  const { page, complaints, close } = await openPage('/air/sample/year');
  const map = get('result-map');
  await page.waitForSelector(`${map}[data-layer="sample.air-year.pm25"]`);
  await page.selectOption(get('statistic'), '_sd');
  await page.waitForSelector(`${map}[data-layer="sample.air-year.pm25-sd"]`);
  await page.selectOption(get('pollutant'), 'no2_ppm');
  await page.waitForSelector(`${map}[data-layer="sample.air-year.no2-sd"]`);
  await page.selectOption(get('statistic'), '');
  await page.waitForSelector(`${map}[data-layer="sample.air-year.no2"]`);
  await page.waitForFunction(() =>
    document.querySelector('[data-test="map"]')?.dataset.shown?.startsWith('sample.air-year.no2'),
  );
  const box = await page.locator(get('map')).boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector(`${get('selection')} strong`);
  const [[low, high]] = await sql('SELECT min(no2_ppm), max(no2_ppm) FROM "sample/air-year"');
  await page.waitForFunction(() =>
    /\d/.test(document.querySelector('[data-test="selection"] strong')?.textContent ?? ''),
  );
  const value = Number(await page.textContent(`${get('selection')} strong`));
  assert.ok(value >= low * 0.99 && value <= high * 1.01, `${value} in ${low}..${high}`);
  assert.deepEqual(complaints, []);
  await close();
});

test('a long series is shown year by year', async () => {
  const { page, complaints, close } = await openPage('/air/long/stations/L1');
  await page.waitForSelector(get('year'));
  const years = await page.$$eval(`${get('year')} option`, (all) => all.map((one) => one.value));
  assert.deepEqual(years, ['2023', '2022']);
  await page.selectOption(get('year'), '2022');
  const hours = 'section[aria-labelledby="hours"]';
  await page.waitForFunction(
    (selector) => /8[,.]?760/.test(document.querySelector(selector)?.textContent ?? ''),
    hours,
  );
  const [, ...rows] = await rowsOf(page, hours);
  assert.equal(rows.length, 8760);
  assert.match(rows[0][0], /^2022-01-01T01:00/);
  assert.match(rows.at(-1)[0], /^2023-01-01T00:00/);
  assert.deepEqual(complaints, []);
  await close();
});

test('an episode is played to its end and stops there; steps, keys and the chart move it', async () => {
  const { page, complaints, close } = await openPage('/air/sample/episodes');
  const at = () => page.$eval(get('slider'), (one) => [Number(one.value), Number(one.max)]);
  const name = () => page.textContent(get('play')).then((text) => text.trim());
  await page.waitForSelector(`section.replay ${get('slider')}`);
  const [first, last] = await at();
  assert.equal(first, 0);
  assert.ok(last > 8, `hours: ${last}`);
  const idle = await name();
  await page.click(get('forth'));
  await page.click(get('forth'));
  await page.click(get('back'));
  assert.deepEqual(await at(), [1, last]);
  await page.focus(get('slider'));
  await page.keyboard.press('ArrowRight');
  assert.deepEqual(await at(), [2, last]);
  // The space bar plays and pauses; what plays goes on, what pauses stays.
  await page.keyboard.press(' ');
  await page.waitForFunction(
    (selector) => Number(document.querySelector(selector).value) > 2,
    get('slider'),
  );
  await page.keyboard.press(' ');
  const [paused] = await at();
  await page.waitForTimeout(1500);
  assert.equal((await at())[0], paused);
  // To the end, and no further.
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  assert.deepEqual(await at(), [last - 2, last]);
  await page.selectOption(get('speed'), '8');
  await page.click(get('play'));
  assert.notEqual(await name(), idle);
  await page.waitForFunction(
    ([selector, text]) => document.querySelector(selector).textContent.trim() === text,
    [get('play'), idle],
  );
  assert.deepEqual(await at(), [last, last]);
  // From the end it begins anew.
  await page.click(get('play'));
  await page.waitForFunction(
    ([selector, end]) => Number(document.querySelector(selector).value) < end,
    [get('slider'), last],
  );
  await page.click(get('play'));
  assert.deepEqual(complaints, []);
  await close();
});

test('a run that looked for no sources is said to be so', async () => {
  const { page, close } = await openPage('/air/long/sources', { locale: 'en-GB' });
  const text = await page.textContent(get('need-study'));
  assert.match(text, /without looking for sources/);
  await close();
});

const VIEWS = () => [
  ['air-result-forecast', '/air/sample/forecast', `${get('skill')} svg`],
  ['air-result-year', '/air/sample/year', `${get('exposure')} svg`],
  ['air-result-streets', '/air/sample/streets', `${get('street-hours')} svg`],
  ['air-result-factors', '/air/sample/factors', `${get('contributions')} svg`],
  ['air-result-sources', '/air/sample/sources', `${get('source-map')} circle`],
  ['air-result-station', `/air/sample/stations/${station}`, `${get('normalised')} svg`],
  ['air-result-long', '/air/long/stations/L1', `${get('trend')} svg`],
  ['air-result-episodes', '/air/sample/episodes', 'section.replay svg, main .notice'],
  ['air-bare-air', '/air/bare', `${get('stations')} tbody a`],
  ['air-bare-station', '/air/bare/stations/a', get('need-study')],
  ['air-bare-episodes', '/air/bare/episodes', get('episodes')],
  ...['forecast', 'year', 'streets', 'factors', 'sources'].map((one) => [
    `air-bare-${one}`,
    `/air/bare/${one}`,
    get('need-study'),
  ]),
  ['air-bare-alerts', '/air/bare/alerts', get('nowatch')],
];

for (const [theme, locale, width] of [
  ['light', 'ko-KR', 1280],
  ['dark', 'en-GB', 360],
]) {
  test(`no page of results complains, is too wide, or shuts anybody out: ${theme}, ${width} px`, async () => {
    const found = [];
    for (const [name, path, ready] of VIEWS()) {
      const options = { viewport: { width, height: 800 }, colorScheme: theme, locale };
      const { page, complaints, close } = await openPage(path, options);
      await page.waitForSelector(ready);
      await page.waitForTimeout(500);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found.push(`${name}: ${wide} px wider than the window`);
      await page.evaluate(axeSource);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      for (const { id, nodes } of violations) {
        found.push(`${name}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`);
      }
      found.push(...complaints.map((text) => `${name}: ${text}`));
      await page.screenshot({ path: `${pictures}/${name}-${theme}-${width}.png`, fullPage: true });
      await close();
    }
    assert.deepEqual(found, []);
  });
}
