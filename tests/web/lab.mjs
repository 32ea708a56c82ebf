// The lab that the tests look at: a running server ($DOSI_URL with $DOSI_PASSWORD, as run.sh
// prepares it), or the made-up one.
import { startMock } from './mock.mjs';

export async function openLab() {
  const url = process.env.DOSI_URL;
  const lab = url
    ? { url, password: process.env.DOSI_PASSWORD ?? '', isReal: true, close: async () => {} }
    : { ...(await startMock()), password: 'one-time-password', isReal: false };
  const { layers } = await (await fetch(`${lab.url}/api/v1/layers`)).json();
  for (const layer of layers) layer.times = allTimes(layer.times);
  const find = (kind) => layers.find((one) => one.kind === kind && /^pm25/.test(one.value));
  return { ...lab, layers, grid: find('grid'), areas: find('areas'), points: find('points') };
}

/** The times of a layer, each: regular ones are sent as the first, step and count. */
function allTimes(times) {
  if (times === null || Array.isArray(times)) return times;
  const start = Date.parse(`${times.first.slice(0, 19)}Z`);
  return Array.from(
    { length: times.count },
    (_, i) =>
      new Date(start + i * times.step_s * 1000).toISOString().slice(0, 19) + times.first.slice(19),
  );
}
