// What the server's /api/v1 says (docs/api.md), as types. Nothing else knows the wire format.

/** Text in both languages of the interface. */
export interface Words {
  ko?: string;
  en?: string;
}

export type LonLat = [number, number];
/** West, south, east, north in degrees. */
export type Extent = [number, number, number, number];

export interface Person {
  id: number;
  name: string;
  role: 'visitor' | 'member' | 'steward' | 'administrator';
  organisations: string[];
}

export interface Me {
  user: Person | null;
  lab: { title: string | Words; zone: string; version: string };
  must_change_password?: boolean;
}

export interface Token {
  id: number | string;
  label: string;
  scopes: string[];
  created: string;
  expires: string | null;
  last_used: string | null;
}

export type Visibility = 'public' | 'organisation' | 'private';

export interface DatasetSummary {
  reference: string;
  title: Words;
  organisation: string;
  version: number;
  rows: number;
  bytes: number;
  created: string;
  visibility: Visibility;
  simulated: boolean;
  has_geometry: boolean;
  licence: string | null;
  time: [string, string] | null;
  extent: Extent | null;
}

export interface Column {
  name: string;
  type: string;
  unit: string | null;
  meaning: Words | null;
}

export interface ColumnProfile {
  name: string;
  type: string;
  missing: number;
  distinct: number | null;
  min: number | string | null;
  max: number | string | null;
  mean: number | null;
  /** Edges of times are times. */
  histogram: { edges: (number | string)[]; counts: number[] } | null;
  top: { value: string | number | boolean; count: number }[] | null;
}

export interface LineageNode {
  id: string;
  kind: 'dataset' | 'step' | 'file';
  label: string;
  reference?: string;
  method?: string;
  detail?: Record<string, unknown>;
}

export interface Lineage {
  nodes: LineageNode[];
  edges: { from: string; to: string }[];
}

export interface DatasetVersion {
  number: number;
  created: string;
  rows: number;
  hash: string;
}

export interface Dataset extends DatasetSummary {
  description: Words | null;
  publisher: string | null;
  contact: string | null;
  frequency: string | null;
  hash: string;
  columns: Column[];
  profile: { columns: ColumnProfile[] } | null;
  /** The latest version's number. */
  latest?: number;
  versions: DatasetVersion[];
  may: { describe: boolean; write: boolean };
}

export type Cell = string | number | boolean | null;

export interface Rows {
  columns: (string | { name: string; type?: string })[];
  rows: Cell[][];
  total: number;
}

export type ParameterKind = 'integer' | 'real' | 'boolean' | 'text' | 'choice';

export interface Parameter {
  name: string;
  kind: ParameterKind;
  unit?: string | null;
  default: string | number | boolean | null;
  required: boolean;
  min?: number;
  max?: number;
  choices?: string[];
  title: Words;
}

export interface MethodTable {
  name: string;
  title: Words;
  optional?: boolean;
}

export interface Method {
  id: string;
  version: number;
  title: Words;
  about: Words;
  citation: string | null;
  inputs: MethodTable[];
  parameters: Parameter[];
  outputs: MethodTable[];
}

export interface StudyInput {
  name: string;
  /** A reference, in which "${org}" stands for the organisation of the run. */
  dataset: string;
  optional: boolean;
  title: Words | null;
}

export interface StudyParameter {
  name: string;
  default: string | null;
  unit: string | null;
  title: Words | null;
}

export interface StudyStep {
  id: string;
  method: string;
  title: Words | null;
  /** The method's input -> an input of the study, or "step.output". */
  inputs: Record<string, string>;
  parameters: Record<string, string>;
}

export interface Study {
  id: string;
  title: Words;
  about: Words;
  organisation: string;
  inputs: StudyInput[];
  parameters: StudyParameter[];
  steps: StudyStep[];
  outputs: { name: string; from: string; visibility: string; title: Words | null }[];
  layers: { id: string; output: string; value: string; title: Words }[];
  last_job?: Job | null;
}

export type JobState = 'accepted' | 'running' | 'successful' | 'failed' | 'dismissed';

export interface Job {
  id: string;
  kind: string;
  subject: string;
  state: JobState;
  progress: number;
  message: string | null;
  created: string;
  started: string | null;
  finished: string | null;
}

export interface ReportStep {
  id: string;
  method: string;
  computed: boolean;
  seconds: number;
  outputs: string[];
  changed: string | null;
}

export interface AuditRecord {
  seq: number;
  utc: string;
  /** Empty for a visitor. */
  account: string;
  channel: string;
  action: string;
  object: string;
  outcome: string;
  detail: string;
}

export interface LegendClass {
  /** Upper end of the class; null for the last. */
  max: number | null;
  colour: string;
  label: Words;
}

export interface Layer {
  id: string;
  title: Words;
  organisation: string;
  simulated: boolean;
  kind: 'grid' | 'points' | 'areas';
  dataset: string;
  version: number;
  value: string;
  unit: string | null;
  times: string[] | null;
  legend: LegendClass[];
  geometry: { collection: string; key: string; label: string | null } | null;
  /** Corners in the order north-west, north-east, south-east, south-west. */
  grid: { columns: number; rows: number; corners: [LonLat, LonLat, LonLat, LonLat] } | null;
  extent: Extent;
  uncertainty: string | null;
  study: string | null;
}

export interface Base {
  districts: string | null;
  dong: string | null;
  river: string | null;
  extent: Extent;
}

export interface Layers {
  layers: Layer[];
  base: Record<string, Base>;
}

/** One time of a layer. */
export interface Frame {
  time: string | null;
  values: (number | null)[];
  keys?: string[];
}

export interface Series {
  times: string[];
  values: (number | null)[];
  unit: string | null;
  label: string | null;
  key: string | null;
}

export type AlertLevel = 'advisory' | 'warning' | 'grave-warning';

/** An advisory or warning of a zone. */
export interface Alert {
  id: number;
  watch: string;
  dataset: string;
  zone: string;
  /** As its column is named: "pm25_ugm3". */
  pollutant: string;
  level: AlertLevel;
  issued: string;
  /** Null while it stands. */
  released: string | null;
  ended_by: '' | 'released' | 'raised' | 'lowered' | 'withdrawn';
  peak: number;
  peak_time: string | null;
  rule: string;
  version: number;
  /** Whom it did not reach; only administrators are told. */
  undelivered?: { webhook: string; change: string; why: string; given_up: string | null }[];
}

/** A webhook and how its last message went; only administrators are told. */
export interface AlertHook {
  name: string;
  url: string;
  watch: string;
  message: string;
  at: string | null;
  waiting: number;
}

/** A dataset that the lab watches for alerts. */
export interface AlertWatch {
  name: string;
  dataset: string;
  stations: string;
  zone: string;
  version: number;
  /** Null before the first look. */
  looked: string | null;
  /** The last hour that was looked at. */
  until: string | null;
  /** Why the last look failed. */
  message: string;
}
