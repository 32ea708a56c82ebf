// Every page of the app: one line each. A new page is a folder beside this one and a line here.
import type { Component } from 'svelte';
import type { Key } from '../shared/i18n/index.svelte';

export interface Page {
  /** "/data/:organisation/:name": the words after ':' become properties of the page. */
  pattern: string;
  title: Key;
  load: () => Promise<{ default: Component<Record<string, string>> }>;
  /** Shown in the main menu. */
  isMain?: boolean;
  /** Fills the window (a map), instead of a column of text. */
  isWide?: boolean;
}

/** Pages take their words as properties; which ones, the pattern says. */
const page = (load: () => Promise<unknown>) => load as Page['load'];

export const pages: Page[] = [
  {
    pattern: '/',
    title: 'nav.now',
    load: page(() => import('../map/NowPage.svelte')),
    isMain: true,
    isWide: true,
  },
  {
    pattern: '/air',
    title: 'nav.air',
    load: page(() => import('../air/AirPage.svelte')),
    isMain: true,
  },
  {
    pattern: '/air/:organisation',
    title: 'nav.air',
    load: page(() => import('../air/AirPage.svelte')),
  },
  {
    pattern: '/air/:organisation/stations/:station',
    title: 'nav.air',
    load: page(() => import('../air/StationPage.svelte')),
  },
  {
    pattern: '/air/:organisation/episodes',
    title: 'air.episodes',
    load: page(() => import('../air/EpisodesPage.svelte')),
  },
  {
    pattern: '/air/:organisation/sources',
    title: 'air.sources',
    load: page(() => import('../air/SourcesPage.svelte')),
  },
  {
    pattern: '/air/:organisation/forecast',
    title: 'air.forecast',
    load: page(() => import('../air/ForecastPage.svelte')),
  },
  {
    pattern: '/air/:organisation/year',
    title: 'air.year',
    load: page(() => import('../air/YearPage.svelte')),
  },
  {
    pattern: '/air/:organisation/streets',
    title: 'air.streets',
    load: page(() => import('../air/StreetsPage.svelte')),
  },
  {
    pattern: '/air/:organisation/factors',
    title: 'air.factors',
    load: page(() => import('../air/FactorsPage.svelte')),
  },
  {
    pattern: '/air/:organisation/alerts',
    title: 'air.alerts',
    load: page(() => import('../air/AlertsPage.svelte')),
  },
  {
    pattern: '/data',
    title: 'nav.data',
    load: page(() => import('../data/CataloguePage.svelte')),
    isMain: true,
  },
  {
    pattern: '/data/:organisation/:name',
    title: 'nav.data',
    load: page(() => import('../data/DatasetPage.svelte')),
  },
  {
    pattern: '/studies',
    title: 'nav.studies',
    load: page(() => import('../studies/StudiesPage.svelte')),
    isMain: true,
  },
  {
    pattern: '/studies/:id',
    title: 'nav.studies',
    load: page(() => import('../studies/StudyPage.svelte')),
  },
  {
    pattern: '/jobs/:id',
    title: 'job.title',
    load: page(() => import('../studies/JobPage.svelte')),
  },
  {
    pattern: '/sign-in',
    title: 'signin.title',
    load: page(() => import('../account/SignInPage.svelte')),
  },
  {
    pattern: '/account',
    title: 'account.title',
    load: page(() => import('../account/AccountPage.svelte')),
  },
  {
    pattern: '/audit',
    title: 'audit.title',
    load: page(() => import('../account/AuditPage.svelte')),
  },
];
