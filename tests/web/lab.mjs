// The lab that the tests look at: a running server ($DOSI_URL with $DOSI_PASSWORD, as run.sh
// prepares it), or the made-up one.
import { startMock } from './mock.mjs';

export async function openLab() {
  const url = process.env.DOSI_URL;
  const lab = url
    ? { url, password: process.env.DOSI_PASSWORD ?? '', isReal: true, close: async () => {} }
    : { ...(await startMock()), password: 'one-time-password', isReal: false };
  const { layers } = await (await fetch(`${lab.url}/api/v1/layers`)).json();
  const find = (kind) => layers.find((one) => one.kind === kind && /^pm25/.test(one.value));
  return { ...lab, layers, grid: find('grid'), areas: find('areas'), points: find('points') };
}
