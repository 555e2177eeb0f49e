/**
 * AccessLogShown
 * Rows of the access log, the newest first.
 */
export interface AccessLogShown {
  /** Rows */
  rows: AccessShown[];
  /**
   * Next
   * `before` for the rows before these; null at the end.
   */
  next: number | null;
}

/**
 * AccessShown
 * A request that changed something or was refused, or a sign-in.
 */
export interface AccessShown {
  /** Id */
  id: number;
  /**
   * At
   * @format date-time
   */
  at: string;
  /** Who */
  who: string | null;
  /** How */
  how: "session" | "key" | "open" | "password" | "oidc";
  /** Method */
  method: string;
  /** Route */
  route: string;
  /** Path */
  path: string;
  /** Status */
  status: number;
  /** Address */
  address: string;
}

/**
 * Account
 * What came in of one signal of one model since the beginning.
 */
export interface Account {
  /** Model */
  model: string;
  /** Signal */
  signal: string;
  /** Accepted */
  accepted: number;
  /** Rejected */
  rejected: number;
  /** Duplicates */
  duplicates: number;
  /**
   * Written
   * Records that are in the tables.
   * @default 0
   */
  written?: number;
  /**
   * Aside
   * Records that no table could take; kept apart.
   * @default 0
   */
  aside?: number;
}

/**
 * Acknowledged
 * Who has taken on which groups of alerts and incidents, and until when repeats wait.
 */
export interface Acknowledged {
  /**
   * Acknowledged
   * Keys of groups of alerts.
   */
  acknowledged: string[];
  /**
   * Incidents
   * Numbers of incidents that waited for somebody.
   */
  incidents: number[];
  /** By */
  by: string;
  /**
   * Until
   * @format date-time
   */
  until: string;
}

/**
 * AlarmsState
 * How the watch over rules does; counts are absent while its store does not answer.
 */
export interface AlarmsState {
  /** Last Step */
  last_step: string | null;
  /** Failing */
  failing: Record<string, unknown>;
  /** Replicas */
  replicas: Replica[];
  /**
   * Messages
   * Messages by state: waiting, sent, dead.
   */
  messages?: Record<string, number> | null;
  /** Firing */
  firing?: number | null;
}

/**
 * AlertShown
 * An alert of a rule, as it stands.
 */
export interface AlertShown {
  /**
   * Fingerprint
   * Its identity, as Alertmanager makes it.
   */
  fingerprint: string;
  /** File */
  file: string;
  /** Group */
  group: string;
  /** Alert */
  alert: string;
  /**
   * Number
   * Which rule it is of those in the group that share its name.
   */
  number: number;
  /** Version */
  version: string | null;
  /**
   * Segment
   * The value of the rule's segment column.
   */
  segment: string | null;
  acknowledged: TakenOn | null;
  /** Model */
  model: string;
  /** State */
  state: "inactive" | "pending" | "firing" | "recovering" | "no_data" | "error";
  /**
   * Since
   * @format date-time
   */
  since: string;
  /** Labels */
  labels: Record<string, string>;
  /** Annotations */
  annotations: Record<string, string>;
  /** Value */
  value: number | null;
  /** Low */
  low: number | null;
  /** High */
  high: number | null;
  /** Rows */
  rows: number;
  /** Fired At */
  fired_at: string | null;
  /** Flapping */
  flapping: boolean;
  /** Note */
  note: string | null;
  /**
   * Amended At
   * The evaluation of the past that late labels changed last.
   */
  amended_at?: string | null;
  /**
   * Silenced By
   * Ids of silences that are in force and match.
   */
  silenced_by: string[];
}

/**
 * Alerts
 * Alerts, the worst and oldest first.
 */
export interface Alerts {
  /** Alerts */
  alerts: AlertShown[];
}

/**
 * Applied
 * What applying a model file did.
 */
export interface Applied {
  /** Name */
  name: string;
  /** Outcome */
  outcome: "created" | "changed" | "unchanged";
  /**
   * Changes
   * What is different now, in words.
   */
  changes: string[];
  /** Notes */
  notes?: string[];
}

/**
 * AppliedRules
 * What became of a rule file.
 */
export interface AppliedRules {
  /** Groups */
  groups: number;
  /** Rules */
  rules: number;
  /**
   * Warnings
   * What a person should look at, with line and column.
   */
  warnings: string[];
  /** Name */
  name: string;
  /** Outcome */
  outcome: "created" | "changed" | "unchanged";
}

/**
 * AppliedSlos
 * What is in a file of SLOs.
 */
export interface AppliedSlos {
  /** Name */
  name: string;
  /** Slos */
  slos: string[];
  /** Warnings */
  warnings: string[];
}

/**
 * ApprovalShown
 * Somebody agreed.
 */
export interface ApprovalShown {
  /** By */
  by: string;
  /**
   * At
   * @format date-time
   */
  at: string;
}

/**
 * AutomationShown
 * What the operator of the server allows runbooks to do.
 */
export interface AutomationShown {
  /** Mode */
  mode: "off" | "dry_run" | "approve" | "auto";
  /**
   * Sentence
   * How it stands, for people.
   */
  sentence: string;
  /**
   * Exceptions
   * By RUNBOOK/STEP or kind of action.
   */
  exceptions: Record<string, "off" | "dry_run" | "approve" | "auto">;
  /** Limits */
  limits: Record<string, unknown>;
  /** Programs */
  programs: string[];
  /** Playbooks */
  playbooks: string[];
  /** Addresses */
  addresses: string[];
  /** Namespaces */
  namespaces: string[];
  /**
   * Secrets
   * Names of environment variables, never their values.
   */
  secrets: string[];
  /** Mlflow Url */
  mlflow_url: string | null;
  /** Fallback */
  fallback: string | null;
  /**
   * Rollback
   * The step that a rollback runs which is asked for in a chat.
   */
  rollback: string;
  /**
   * Slack
   * Users of Slack who may run, with their names here.
   */
  slack: Record<string, string>;
  /**
   * Freezes
   * When nothing is begun, and why.
   */
  freezes: string[];
  frozen: FrozenShown | null;
}

/**
 * Backtested
 * When rules would have fired.
 */
export interface Backtested {
  /**
   * Start
   * @format date-time
   */
  start: string;
  /**
   * End
   * @format date-time
   */
  end: string;
  /** Step */
  step: string;
  /** Evaluations */
  evaluations: number;
  /**
   * Rules
   * Of each rule, model, version and segment: `summary`, `firings`, `no_data`, and `error` where it could not be evaluated; with `points` also `points`: what was compared with what, at each time.
   */
  rules: Record<string, unknown>[];
}

/**
 * BareLine
 * One metric of one column, version and segment, with a value for each of `starts`.
 */
export interface BareLine {
  /** Metric */
  metric: string;
  /** Title */
  title?: string | null;
  /** Column */
  column: string | null;
  /** Version */
  version: string | null;
  /** Segment */
  segment: string | null;
  /** Unit */
  unit: string | null;
  /**
   * Worse
   * Which way is worse.
   */
  worse?: string | null;
  /**
   * Values
   * To six digits; null where there is none.
   */
  values: (number | null)[];
}

/**
 * Card
 * What one metric measures, and how to read it.
 */
export interface Card {
  /** Name */
  name: string;
  /** Title */
  title: string;
  /** Group */
  group: string;
  /** Unit */
  unit: string | null;
  /** Worse */
  worse: string | null;
  /** Measures */
  measures: string;
}

/**
 * Cards
 * What can be measured.
 */
export interface Cards {
  /** Metrics */
  metrics: Card[];
  /**
   * Names
   * The names to ask by; a card may stand for several, such as percentiles.
   */
  names: string[];
}

/**
 * Change
 * A deployment, a data change or another event.
 */
export interface Change {
  /**
   * Model
   * Null: all models.
   */
  model: string | null;
  /**
   * Time
   * @format date-time
   */
  time: string;
  /** Kind */
  kind: string | null;
  /** Title */
  title: string | null;
  /** Version */
  version?: string | null;
  /** Link */
  link?: string | null;
  /** Author */
  author?: string | null;
  /** Details */
  details?: Record<string, unknown>;
}

/**
 * Changes
 * Deployments, data changes and other events.
 */
export interface Changes {
  /** Changes */
  changes: Change[];
}

/**
 * CheckedRules
 * What is in a rule file, as it was read.
 */
export interface CheckedRules {
  /** Groups */
  groups: number;
  /** Rules */
  rules: number;
  /**
   * Warnings
   * What a person should look at, with line and column.
   */
  warnings: string[];
  /** Read */
  read: GroupRead[];
}

/**
 * Comparison
 * Two versions over the same window, with a test of each difference.
 */
export interface Comparison {
  /** Model */
  model: string;
  /** A */
  a: string | null;
  /** B */
  b: string | null;
  /** Segment */
  segment: string | null;
  /** A half-open time range in UTC. */
  window: Span;
  /** Rows of either version. */
  rows: RowCounts;
  /** Service */
  service: Record<string, ServiceDifference>;
  /** Performance */
  performance: Record<string, Record<string, unknown>>;
  /**
   * Inputs
   * Whether both saw the same data: else the difference may be the traffic's.
   */
  inputs: Record<string, unknown> | null;
}

/**
 * ContactShown
 * A way to reach somebody.
 */
export interface ContactShown {
  /** Kind */
  kind: "receiver" | "email" | "slack" | "phone" | "apprise";
  /** Address */
  address: string;
}

/**
 * CreatedKey
 * A new API key; its secret is shown this once.
 */
export interface CreatedKey {
  /** An API key without its secret. */
  key: Key;
  /** Secret */
  secret: string;
}

/**
 * DashboardLine
 * A dashboard in a list.
 */
export interface DashboardLine {
  /** Name */
  name: string;
  /** Title */
  title: string;
  /** Description */
  description: string;
  /**
   * Panels
   * How many it has.
   */
  panels: number;
  /**
   * Of One Model
   * Whether it shows the model that the page names.
   */
  of_one_model: boolean;
  /**
   * Shipped
   * Whether it comes with Watchkeeper, and cannot be changed.
   */
  shipped: boolean;
  /** Set At */
  set_at: string | null;
  /** Who */
  who: string | null;
  /**
   * Version
   * To be sent as `If-Match` when it is changed.
   */
  version: string;
}

/**
 * DashboardShown
 * A dashboard with its panels.
 */
export interface DashboardShown {
  /** Name */
  name: string;
  /** Title */
  title: string;
  /** Description */
  description: string;
  /** Of One Model */
  of_one_model: boolean;
  /** Shipped */
  shipped: boolean;
  /** Set At */
  set_at: string | null;
  /** Who */
  who: string | null;
  /** Version */
  version: string;
  /** Window */
  window: string | null;
  /** Panels */
  panels: PanelShown[];
  /**
   * Text
   * The file.
   */
  text: string;
}

/**
 * Dashboards
 * All dashboards.
 */
export interface Dashboards {
  /** Dashboards */
  dashboards: DashboardLine[];
}

/**
 * Decided
 * What each threshold decides, in the order of `thresholds`.
 */
export interface Decided {
  /**
   * Labelled
   * Labelled rows with a score.
   */
  labelled: number;
  /**
   * Rows
   * Rows with a score.
   */
  rows: number;
  /** Tp */
  tp: number[];
  /** Fp */
  fp: number[];
  /** Fn */
  fn: number[];
  /** Tn */
  tn: number[];
  /**
   * Flagged
   * Rows decided positive, labelled or not.
   */
  flagged: number[];
  /** Precision */
  precision: DecidedShare[];
  /** Recall */
  recall: DecidedShare[];
}

/**
 * DecidedShare
 * A share with its 95 % interval.
 */
export interface DecidedShare {
  /** Value */
  value: number | null;
  /** Low */
  low: number | null;
  /** High */
  high: number | null;
  /** N */
  n: number;
}

/**
 * Decisions
 * The confusion matrix of a binary model at every threshold.
 */
export interface Decisions {
  /** Model */
  model: string;
  /** Version */
  version: string | null;
  /** Segment */
  segment: string | null;
  /** A half-open time range in UTC. */
  window: Span;
  /**
   * Classes
   * The negative and the positive class.
   */
  classes: string[];
  /**
   * Threshold
   * The model's own.
   */
  threshold: number;
  /** Thresholds */
  thresholds: number[];
  current: Decided | null;
  reference: Decided | null;
}

/**
 * Disk
 * The disk where the data lie.
 */
export interface Disk {
  /** Free Bytes */
  free_bytes: number;
  /** Total Bytes */
  total_bytes: number;
}

/**
 * Distributions
 * A column's distribution over time.
 */
export interface Distributions {
  /** Model */
  model: string;
  /** Column */
  column: string;
  /** Role */
  role: string;
  /** Kind */
  kind: string;
  /** Version */
  version: string | null;
  /** Segment */
  segment: string | null;
  /** A half-open time range in UTC. */
  window: Span;
  /** Step */
  step: string;
  /**
   * Edges
   * Of the bins of numbers and times.
   */
  edges: number[] | null;
  /** Categories */
  categories: string[] | null;
  reference: Shares | null;
  /** Points */
  points: SharesPoint[];
}

/**
 * DueShown
 * Something that is due.
 */
export interface DueShown {
  /**
   * What
   * `resolve` happens by itself; the others want a person.
   */
  what: "acknowledge" | "update" | "resolve" | "post_mortem";
  /**
   * At
   * @format date-time
   */
  at: string;
  /** Overdue */
  overdue: boolean;
}

/**
 * EscalationShown
 * How far the telling of an incident is.
 */
export interface EscalationShown {
  /** Chain */
  chain: string | null;
  /** Status */
  status: "running" | "held" | "stopped" | "exhausted" | null;
  /** Steps Told */
  steps_told: number;
  /** Next At */
  next_at: string | null;
  /**
   * Told
   * Receivers that were told.
   */
  told: string[];
  /**
   * Held Until
   * When an acknowledgement runs out.
   */
  held_until: string | null;
  /**
   * Paused Until
   * Until when it waits, being silenced.
   */
  paused_until: string | null;
}

/**
 * Evaluated
 * When a group was last evaluated on a model.
 */
export interface Evaluated {
  /** Model */
  model: string;
  /**
   * At
   * @format date-time
   */
  at: string;
  /** Took Ms */
  took_ms: number;
  /** Error */
  error: string | null;
}

/**
 * FigureShown
 * Percentiles of a time over incidents.
 */
export interface FigureShown {
  /** Measured */
  measured: number;
  /**
   * Waiting
   * Incidents that have not reached the step, and still may.
   */
  waiting: number;
  /**
   * Seconds
   * By percentile, such as `p50`.
   */
  seconds: Record<string, number>;
}

/**
 * Figures
 * How fast incidents are found and dealt with.
 */
export interface Figures {
  /** Incidents */
  incidents: number;
  /** Active */
  active: number;
  /**
   * False Alarms
   * The share where nothing was broken.
   */
  false_alarms: number | null;
  /** Times */
  times: Partial<
    Record<"detect" | "acknowledge" | "mitigate" | "resolve", FigureShown>
  >;
}

/**
 * Found
 * What a person has found who looked.
 */
export interface Found {
  /**
   * Done
   * Whether it was done.
   */
  done: boolean;
}

/**
 * FrozenShown
 * Nothing runs until somebody sets it free.
 */
export interface FrozenShown {
  /**
   * At
   * @format date-time
   */
  at: string;
  /** By */
  by: string;
  /** Reason */
  reason: string;
}

/**
 * GapShown
 * Nobody is on call.
 */
export interface GapShown {
  /**
   * Start
   * @format date-time
   */
  start: string;
  /**
   * End
   * @format date-time
   */
  end: string;
}

/**
 * Glance
 * One model in one window, in short.
 */
export interface Glance {
  /** Model */
  model: string;
  /** A half-open time range in UTC. */
  window: Span;
  /**
   * Rows
   * Predictions in the window, weighted where sampled.
   */
  rows: number;
  /** Service */
  service: Record<string, Measured | null>;
  /** Labels */
  labels: Record<string, Measured | null>;
  /**
   * Verdict
   * Null without a reference or rows.
   */
  verdict: string | null;
  /** Status */
  status: string | null;
  /** Headline */
  headline: string | null;
  performance: GlancePerformance | null;
  drift: GlanceDrift | null;
  quality: GlanceQuality | null;
  /** Step S */
  step_s: number;
  /**
   * Series
   * Volume, and the metric of performance.
   */
  series: Line[];
}

/**
 * GlanceDrift
 * How many columns drifted.
 */
export interface GlanceDrift {
  /** Columns */
  columns: number;
  /** Drifted */
  drifted: number;
  /** Stable */
  stable: number;
  /** Not Enough Data */
  not_enough_data: number;
  /**
   * Top
   * The column that drifted most.
   */
  top: string | null;
}

/**
 * GlancePerformance
 * The one metric of performance that a headline is about.
 */
export interface GlancePerformance {
  /** Metric */
  metric: string;
  /** Value */
  value: number | null;
  /** Low */
  low: number | null;
  /** High */
  high: number | null;
  /** N Current */
  n_current: number | null;
  /** Reference */
  reference: number | null;
  /**
   * Worse
   * Null where the metric has no better direction.
   */
  worse: boolean | null;
  /**
   * Certain
   * Whether the interval of the change leaves out no change.
   */
  certain: boolean;
  /** Status */
  status: string | null;
  /** Direction */
  direction: string;
}

/**
 * GlanceQuality
 * The quality score that is furthest below its target.
 */
export interface GlanceQuality {
  /** Score */
  score: string;
  /** Current */
  current: number | null;
  /** Reference */
  reference: number | null;
  /** Target */
  target: number | null;
  /** Status */
  status: string;
}

/**
 * GroupRead
 * Rules that are evaluated together.
 */
export interface GroupRead {
  /** Name */
  name: string;
  /**
   * Model
   * Null: every model.
   */
  model: string | null;
  /** Interval */
  interval: string;
  /** Labels */
  labels: Record<string, string>;
  /** Rules */
  rules: RuleShown[];
}

/**
 * Happened
 * Something that happened.
 */
export interface Happened {
  /**
   * At
   * @format date-time
   */
  at: string;
  /** Kind */
  kind: string;
  /** Model */
  model: string | null;
  /** Subject */
  subject: string;
  /** What */
  what: unknown;
}

/**
 * Health
 * The process is up.
 */
export interface Health {
  /** Status */
  status: "up";
  /** Version */
  version: string;
}

/**
 * History
 * What happened, the newest first.
 */
export interface History {
  /** History */
  history: Happened[];
}

/**
 * IncidentLine
 * An incident in short.
 */
export interface IncidentLine {
  /** Number */
  number: number;
  /** Title */
  title: string;
  /** Severity */
  severity: "SEV-0" | "SEV-1" | "SEV-2" | "SEV-3";
  /**
   * Class
   * What is broken.
   */
  class: "data" | "drift" | "model" | "service" | "infrastructure" | "security";
  /** State */
  state:
    | "open"
    | "acknowledged"
    | "investigating"
    | "mitigated"
    | "resolved"
    | "closed"
    | "merged"
    | "false_alarm";
  /** Models */
  models: string[];
  /**
   * Opened At
   * @format date-time
   */
  opened_at: string;
  /** Opened By */
  opened_by: string;
  /**
   * Began At
   * When the trouble began, as far as is known.
   */
  began_at: string | null;
  /** Commander */
  commander: string | null;
  /** Merged Into */
  merged_into: number | null;
  /** Alerts Firing */
  alerts_firing: number;
  /** What is due first. */
  due: DueShown | null;
  /** How long the steps of an incident took, in seconds; null where one was not reached. */
  took_s: Took;
}

/**
 * IncidentShown
 * An incident with its timeline.
 */
export interface IncidentShown {
  /** Number */
  number: number;
  /** Title */
  title: string;
  /** Severity */
  severity: "SEV-0" | "SEV-1" | "SEV-2" | "SEV-3";
  /**
   * Class
   * What is broken.
   */
  class: "data" | "drift" | "model" | "service" | "infrastructure" | "security";
  /** State */
  state:
    | "open"
    | "acknowledged"
    | "investigating"
    | "mitigated"
    | "resolved"
    | "closed"
    | "merged"
    | "false_alarm";
  /** Models */
  models: string[];
  /**
   * Opened At
   * @format date-time
   */
  opened_at: string;
  /** Opened By */
  opened_by: string;
  /**
   * Began At
   * When the trouble began, as far as is known.
   */
  began_at: string | null;
  /** Commander */
  commander: string | null;
  /** Merged Into */
  merged_into: number | null;
  /** Alerts Firing */
  alerts_firing: number;
  /** What is due first. */
  due: DueShown | null;
  /** How long the steps of an incident took, in seconds; null where one was not reached. */
  took_s: Took;
  /** Summary */
  summary: string;
  /** External */
  external: Record<string, string>;
  /** Stamps */
  stamps: StampShown[];
  /** Roles */
  roles: RoleShown[];
  /** Alerts */
  alerts: LinkedAlertShown[];
  /** Deadlines */
  deadlines: DueShown[];
  /**
   * Possible
   * What can become of it now.
   */
  possible: (
    | "open"
    | "acknowledged"
    | "investigating"
    | "mitigated"
    | "resolved"
    | "closed"
    | "merged"
    | "false_alarm"
  )[];
  /**
   * Mitigation Suggested
   * All alerts are over and nobody has called it mitigated.
   */
  mitigation_suggested: boolean;
  /**
   * Related
   * Alerts that began within an hour of it, the nearest first; take one in with the event `alert`. None once the incident is over.
   */
  related: RelatedAlertShown[];
  escalation: EscalationShown | null;
  /** Timeline */
  timeline: TimelineEntry[];
}

/**
 * Incidents
 * Incidents: those that are worked on first.
 */
export interface Incidents {
  /** Incidents */
  incidents: IncidentLine[];
}

/**
 * JournalState
 * What is acknowledged and not yet in the tables.
 */
export interface JournalState {
  /** Entries */
  entries: number;
  /** Bytes */
  bytes: number;
  /** Oldest */
  oldest: string | null;
  /** Oldest Age S */
  oldest_age_s: number | null;
}

/**
 * Key
 * An API key without its secret.
 */
export interface Key {
  /** Id */
  id: string;
  /** Name */
  name: string;
  /** Scopes */
  scopes: ("ingest" | "read" | "edit" | "admin")[];
  /** Created */
  created?: string | null;
  /** Expires */
  expires?: string | null;
  /** Last Used */
  last_used?: string | null;
  /** Revoked */
  revoked?: string | null;
}

/**
 * Keys
 * All API keys, without their secrets.
 */
export interface Keys {
  /** Keys */
  keys: Key[];
}

/**
 * Labelled
 * Labels of an alert.
 */
export interface Labelled {
  /** Labels */
  labels: Record<string, string>;
}

/**
 * Line
 * One metric of one column, version and segment over time.
 */
export interface Line {
  /** Metric */
  metric: string;
  /** Title */
  title?: string | null;
  /** Column */
  column: string | null;
  /** Version */
  version: string | null;
  /** Segment */
  segment: string | null;
  /** Unit */
  unit: string | null;
  /**
   * Worse
   * Which way is worse.
   */
  worse?: string | null;
  /** Points */
  points: Point[];
}

/**
 * Lines
 * Metrics over time as bare numbers on one grid of times; steps without rows are absent.
 */
export interface Lines {
  /** Model */
  model: string;
  /** A half-open time range in UTC. */
  window: Span;
  /** Step */
  step: string;
  /**
   * Step S
   * The length of a step in seconds.
   */
  step_s: number;
  /**
   * Starts
   * When the steps begin, in seconds since 1970.
   */
  starts: number[];
  /** Lines */
  lines: BareLine[];
}

/**
 * LinkedAlertShown
 * An alert of an incident.
 */
export interface LinkedAlertShown {
  /** Fingerprint */
  fingerprint: string;
  /** Name */
  name: string;
  /**
   * Starts At
   * @format date-time
   */
  starts_at: string;
  /** Ends At */
  ends_at: string | null;
  /** Model */
  model: string;
  /**
   * Severity
   * As its label says; empty without one.
   */
  severity: string;
}

/**
 * Measured
 * A measured number with what one needs to trust it.
 */
export interface Measured {
  /**
   * Value
   * Null where it is undefined; the note says why.
   */
  value: number | null;
  /**
   * Low
   * Lower end of the 95 % interval.
   */
  low?: number | null;
  /**
   * High
   * Upper end of the 95 % interval.
   */
  high?: number | null;
  /** P Value */
  p_value?: number | null;
  /**
   * N Reference
   * Rows of the reference behind it.
   * @default 0
   */
  n_reference?: number;
  /**
   * N Current
   * Rows behind it.
   * @default 0
   */
  n_current?: number;
  /** Note */
  note?: string | null;
  /**
   * Bound
   * The largest error that binning may add; absent where exact.
   */
  bound?: number | null;
}

/**
 * Message
 * A message to one channel of a receiver.
 */
export interface Message {
  /** Id */
  id: number;
  /**
   * Key
   * The same for all messages of one affair.
   */
  key: string;
  /** Receiver */
  receiver: string;
  /** Channel */
  channel: string;
  /** State */
  state: "waiting" | "sent" | "dead";
  /** Status */
  status: "firing" | "resolved";
  /**
   * Reason
   * Why it is sent.
   */
  reason: string;
  /** Alerts */
  alerts: number;
  /** Group */
  group: Record<string, string>;
  /** Attempts */
  attempts: number;
  /**
   * Said
   * What the receiver answered last.
   */
  said: string;
  /**
   * Made
   * @format date-time
   */
  made: string;
  /**
   * Due
   * @format date-time
   */
  due: string;
  /** Done */
  done: string | null;
}

/**
 * Messages
 * Messages, the newest first.
 */
export interface Messages {
  /** Messages */
  messages: Message[];
}

/**
 * ModelColumn
 * A column of a model.
 */
export interface ModelColumn {
  /** Name */
  name: string;
  /** Role */
  role: string;
  /** Kind */
  kind: string;
}

/**
 * ModelDetail
 * One model: its file, columns, versions and reference.
 */
export interface ModelDetail {
  /** Name */
  name: string;
  /** Task */
  task: string | null;
  /** Rows */
  rows: number;
  /** First Event */
  first_event?: string | null;
  /** Last Event */
  last_event: string | null;
  reference: ReferenceLine | null;
  /** Measured */
  measured?: boolean | null;
  /** Columns */
  columns: ModelColumn[];
  /**
   * Segments
   * The values of each segment column that are measured apart.
   */
  segments: Record<string, string[]>;
  /** Versions */
  versions: Version[];
  /**
   * File
   * The model file.
   */
  file: Record<string, unknown>;
}

/**
 * ModelLine
 * A model in the list of models.
 */
export interface ModelLine {
  /** Name */
  name: string;
  /**
   * Owner
   * Who answers for it, such as a team.
   */
  owner?: string | null;
  /**
   * Tags
   * Words to find it by.
   */
  tags?: string[];
  /** Task */
  task?: string | null;
  /**
   * Rows
   * Predictions measured.
   */
  rows: number;
  /** First Event */
  first_event?: string | null;
  /** Last Event */
  last_event: string | null;
  /** Versions */
  versions: number;
  reference: ReferenceLine | null;
  /**
   * Measured
   * Whether all that was acknowledged has been measured.
   */
  measured?: boolean | null;
}

/**
 * Models
 * All models.
 */
export interface Models {
  /** Models */
  models: ModelLine[];
}

/**
 * NewAcknowledgement
 * Somebody takes alerts on.
 */
export interface NewAcknowledgement {
  /**
   * Labels
   * Labels of one of the alerts of each group.
   */
  labels: Record<string, string>;
  /**
   * By
   * Who.
   * @minLength 1
   * @maxLength 200
   */
  by: string;
  /**
   * Until
   * Until then repeats wait; else 8 h.
   */
  until?: string | null;
  /**
   * Comment
   * Why.
   * @maxLength 2000
   * @default ""
   */
  comment?: string;
}

/**
 * NewEvent
 * Something that happens to an incident.
 */
export interface NewEvent {
  /** Event */
  event:
    | "acknowledge"
    | "investigate"
    | "mitigate"
    | "resolve"
    | "close"
    | "reopen"
    | "false_alarm"
    | "merge"
    | "role"
    | "severity"
    | "amend"
    | "note"
    | "decision"
    | "message"
    | "change"
    | "action"
    | "alert";
  /**
   * By
   * Who; by default the user or the name of the API key.
   */
  by?: string | null;
  /**
   * Text
   * What was seen, decided, said or done; why.
   */
  text?: string | null;
  /**
   * Until
   * Of an acknowledgement: until then; who is on call is told again after it.
   */
  until?: string | null;
  /** Role */
  role?: "commander" | "operations" | "communications" | "scribe" | null;
  /**
   * Person
   * Who takes the role.
   */
  person?: string | null;
  /**
   * Into
   * Into which incident it is merged.
   */
  into?: number | null;
  /**
   * Fingerprint
   * Of the alert that is to belong to it.
   */
  fingerprint?: string | null;
  /** Severity */
  severity?: "SEV-0" | "SEV-1" | "SEV-2" | "SEV-3" | null;
  /** Class */
  class?:
    | "data"
    | "drift"
    | "model"
    | "service"
    | "infrastructure"
    | "security"
    | null;
  /** Title */
  title?: string | null;
  /** Summary */
  summary?: string | null;
  /** Models */
  models?: string[] | null;
  /** Began At */
  began_at?: string | null;
  /**
   * At
   * When it was, where that is not now.
   */
  at?: string | null;
  /**
   * To
   * Who was told.
   */
  to?: string | null;
  /** Link */
  link?: string | null;
}

/**
 * NewIncident
 * An incident that somebody opens.
 */
export interface NewIncident {
  /**
   * Title
   * What is broken.
   * @minLength 1
   * @maxLength 500
   */
  title: string;
  /** Severity */
  severity: "SEV-0" | "SEV-1" | "SEV-2" | "SEV-3";
  /**
   * Class
   * @default "model"
   */
  class?:
    | "data"
    | "drift"
    | "model"
    | "service"
    | "infrastructure"
    | "security";
  /**
   * Models
   * @maxItems 100
   * @default []
   */
  models?: string[];
  /**
   * Began At
   * When the trouble began.
   */
  began_at?: string | null;
  /**
   * Summary
   * @maxLength 20000
   * @default ""
   */
  summary?: string;
  /**
   * By
   * Who; by default the user or the name of the API key.
   */
  by?: string | null;
}

/**
 * NewRun
 * A step that somebody wants to be run.
 */
export interface NewRun {
  /**
   * Runbook
   * @maxLength 200
   */
  runbook: string;
  /**
   * Step
   * The id of the step.
   * @maxLength 64
   */
  step: string;
  /**
   * Incident
   * The incident that it is for …
   */
  incident?: number | null;
  /**
   * Alert
   * … or the fingerprint …
   */
  alert?: string | null;
  /**
   * Target
   * … or the model, where no alert asks for it.
   */
  target?: string | null;
  /**
   * Dry Run
   * Only show what it would do.
   * @default false
   */
  dry_run?: boolean;
}

/**
 * OidcShown
 * A sign-in at another place.
 */
export interface OidcShown {
  /**
   * Label
   * What a button says.
   */
  label: string;
  /**
   * Url
   * Where the button leads; `next` is where to go afterwards.
   */
  url: string;
}

/**
 * OnCallFile
 * The on-call file in force.
 */
export interface OnCallFile {
  /**
   * Text
   * Empty where there is none.
   */
  text: string;
  /** Set At */
  set_at: string | null;
  /** Who */
  who: string | null;
  /** Users */
  users: string[];
  /** Schedules */
  schedules: string[];
  /** Escalations */
  escalations: string[];
}

/**
 * OnCallNow
 * Who is on call.
 */
export interface OnCallNow {
  /**
   * At
   * @format date-time
   */
  at: string;
  /** Schedules */
  schedules: ScheduleShown[];
}

/**
 * OneSession
 * A sign-in that goes on.
 */
export interface OneSession {
  /** Id */
  id: string;
  /** User */
  user: string;
  /** Way */
  way: "password" | "oidc";
  /**
   * Created
   * @format date-time
   */
  created: string;
  /**
   * Last Seen
   * @format date-time
   */
  last_seen: string;
  /**
   * Expires
   * When it ends if it is not used again.
   * @format date-time
   */
  expires: string;
  /** Address */
  address: string;
  /** Agent */
  agent: string;
  /**
   * Current
   * Whether it is the one that asks.
   */
  current: boolean;
}

/**
 * Overview
 * All that a model's page shows.
 */
export interface Overview {
  /** Model */
  model: string;
  /** Version */
  version: string | null;
  /** Segment */
  segment: string | null;
  /** A half-open time range in UTC. */
  window: Span;
  /**
   * Rows
   * Predictions in the window, weighted where sampled.
   */
  rows: number;
  /**
   * Traffic
   * Volume, errors, latency, freshness.
   */
  traffic: Record<string, Measured>;
  /**
   * Labels
   * Coverage and delay of labels.
   */
  labels: Record<string, Measured>;
  /**
   * Outcomes
   * Business values.
   */
  outcomes: Record<string, Measured>;
  reference: ReferenceDetail | null;
  /**
   * Report
   * The report document; null without a reference or rows.
   */
  report: Record<string, unknown> | null;
}

/**
 * PanelShown
 * A panel; metrics that a model has no values of are left out.
 */
export interface PanelShown {
  /** Kind */
  kind: "lines" | "numbers" | "table" | "alerts" | "text";
  /** Title */
  title: string;
  /** Size */
  size: "third" | "half" | "full";
  /** Metrics */
  metrics: string[];
  /** Columns */
  columns: string[];
  /**
   * Model
   * That of the page where null; `*`: every one.
   */
  model: string | null;
  /** Version */
  version: string | null;
  /** Segment */
  segment: string | null;
  /** Step */
  step: string | null;
  /** Text */
  text: string;
}

/**
 * Point
 * A metric in one step.
 */
export interface Point {
  /**
   * Value
   * Null where it is undefined; the note says why.
   */
  value: number | null;
  /**
   * Low
   * Lower end of the 95 % interval.
   */
  low?: number | null;
  /**
   * High
   * Upper end of the 95 % interval.
   */
  high?: number | null;
  /** P Value */
  p_value?: number | null;
  /**
   * N Reference
   * Rows of the reference behind it.
   * @default 0
   */
  n_reference?: number;
  /**
   * N Current
   * Rows behind it.
   * @default 0
   */
  n_current?: number;
  /** Note */
  note?: string | null;
  /**
   * Bound
   * The largest error that binning may add; absent where exact.
   */
  bound?: number | null;
  /**
   * Start
   * @format date-time
   */
  start: string;
  /** End */
  end?: string | null;
}

/**
 * Readiness
 * Whether requests will be served.
 */
export interface Readiness {
  /** Status */
  status: "ready" | "not ready";
  /** Problems */
  problems: string[];
}

/**
 * Reasoned
 * Why.
 */
export interface Reasoned {
  /**
   * Reason
   * @maxLength 2000
   * @default ""
   */
  reason?: string;
}

/**
 * ReceiverShown
 * Somebody who is told.
 */
export interface ReceiverShown {
  /** Name */
  name: string;
  /** Channels */
  channels: string[];
}

/**
 * ReferenceDetail
 * What a model is compared with.
 */
export interface ReferenceDetail {
  /** Kind */
  kind: string;
  /**
   * Origin
   * Where it comes from.
   */
  origin: Record<string, unknown>;
  /**
   * Set At
   * @format date-time
   */
  set_at: string;
  /**
   * Layout
   * The id of its layout.
   */
  layout?: string | null;
  /** Rows */
  rows?: number | null;
  /**
   * Who
   * Whose key set it.
   */
  who?: string | null;
}

/**
 * ReferenceLine
 * Which reference a model has.
 */
export interface ReferenceLine {
  /** Kind */
  kind: string;
  /** Set At */
  set_at?: string | null;
}

/**
 * ReferenceSet
 * What setting a reference did.
 */
export interface ReferenceSet {
  /** Model */
  model: string;
  /**
   * Outcome
   * `wanted`: it is made of production in the background.
   */
  outcome: "set" | "wanted" | "unchanged";
  /** Kind */
  kind: string;
  /** Origin */
  origin: Record<string, unknown>;
  /** Layout */
  layout?: string | null;
  /** Rows */
  rows?: number | null;
  /** Notes */
  notes?: string[];
}

/**
 * RelatedAlertShown
 * An alert that may belong to the incident, and is no part of it.
 */
export interface RelatedAlertShown {
  /** Fingerprint */
  fingerprint: string;
  /** Name */
  name: string;
  /** Model */
  model: string;
  /**
   * Severity
   * As its label says; empty without one.
   */
  severity: string;
  /** Summary */
  summary: string;
  /**
   * Starts At
   * @format date-time
   */
  starts_at: string;
  /** Firing */
  firing: boolean;
  /**
   * Why
   * Why it may belong to it.
   */
  why: string;
}

/**
 * Removed
 * A model that is no more.
 */
export interface Removed {
  /** Name */
  name: string;
  /** Outcome */
  outcome: "removed";
}

/**
 * Replica
 * A process that shares the work of watching over rules.
 */
export interface Replica {
  /** Name */
  name: string;
  /**
   * Until
   * Until then the work is its own, unless it says so again.
   * @format date-time
   */
  until: string;
  /** Work */
  work: string[];
}

/**
 * ResultShown
 * What an attempt came to.
 */
export interface ResultShown {
  /** Status */
  status: "ok" | "failed" | "timed_out" | "unknown";
  /**
   * Text
   * What was found or said, without secrets, cut where it is long.
   */
  text: string;
  /** Exit */
  exit: number | null;
  /**
   * Output Hash
   * SHA-256 of all that was said.
   */
  output_hash: string | null;
}

/**
 * RoleShown
 * Who held a role, from when and until when.
 */
export interface RoleShown {
  /** Role */
  role: "commander" | "operations" | "communications" | "scribe";
  /** Person */
  person: string;
  /**
   * Since
   * @format date-time
   */
  since: string;
  /** Until */
  until: string | null;
}

/**
 * Routed
 * Where an alert goes.
 */
export interface Routed {
  /** Receivers */
  receivers: string[];
}

/**
 * Routes
 * The routes in force.
 */
export interface Routes {
  /**
   * Text
   * In Alertmanager's configuration format, with `<secret>` for each secret.
   */
  text: string;
  /** Receivers */
  receivers: ReceiverShown[];
  /**
   * Notices
   * What is read and not done.
   */
  notices: string[];
}

/**
 * Row
 * A prediction with its label; further fields of its record where they hold a value.
 */
export interface Row {
  /** Id */
  id: string;
  /**
   * Time
   * @format date-time
   */
  time: string;
  /** Received */
  received?: string | null;
  /** Version */
  version?: string | null;
  /** Prediction */
  prediction?: string | number | null;
  /** Score */
  score?: number | null;
  /** Scores */
  scores?: Record<string, number>;
  /** Label */
  label?: string | null;
  /** Label Time */
  label_time?: string | null;
  /** Features */
  features: Record<string, unknown>;
  /** Violations */
  violations?: string[] | null;
}

/**
 * RowCounts
 * Rows of either version.
 */
export interface RowCounts {
  /** A */
  a: number;
  /** B */
  b: number;
}

/**
 * Rows
 * A page of predictions.
 */
export interface Rows {
  /** Rows */
  rows: Row[];
  /**
   * Next
   * Send it as `cursor` for the next page; null: the last.
   */
  next: string | null;
}

/**
 * RuleFile
 * A rule file in force.
 */
export interface RuleFile {
  /** Name */
  name: string;
  /**
   * Set At
   * @format date-time
   */
  set_at: string;
  /** Who */
  who: string | null;
  /**
   * Source
   * Where it is kept and changed; null: here, by who may edit.
   */
  source: string | null;
  /** Text */
  text: string;
  /** Groups */
  groups: RuleGroup[];
}

/**
 * RuleFiles
 * The rule files in force.
 */
export interface RuleFiles {
  /** Files */
  files: RuleFile[];
}

/**
 * RuleGroup
 * Rules in force, with when they were last evaluated.
 */
export interface RuleGroup {
  /** Name */
  name: string;
  /**
   * Model
   * Null: every model.
   */
  model: string | null;
  /** Interval */
  interval: string;
  /** Labels */
  labels: Record<string, string>;
  /** Rules */
  rules: RuleShown[];
  /** Evaluated */
  evaluated: Evaluated[];
}

/**
 * RuleShown
 * A rule.
 */
export interface RuleShown {
  /** Alert */
  alert: string;
  /**
   * Expr
   * The condition in CEL; null for a false-alarm budget.
   */
  expr: string | null;
  /** For */
  for: string;
  /** Window */
  window: string;
  /** Segment */
  segment: string | null;
  /** Severity */
  severity: string | null;
  /** Labels */
  labels: Record<string, string>;
  /** Annotations */
  annotations: Record<string, string>;
  /** Line */
  line: number;
  /**
   * Number
   * Which it is of those in the group that share its name.
   */
  number: number;
  /** Clear */
  clear: string | null;
  /** Keep Firing For */
  keep_firing_for: string;
  /** Min Rows */
  min_rows: number;
  /** By Version */
  by_version: boolean;
  /** No Data */
  no_data: "alert" | "keep" | "ok";
  /** No Data After */
  no_data_after: number;
  /** On Error */
  on_error: "alert" | "keep" | "ok";
  /** Limit */
  limit: number;
  /** Has Budget */
  has_budget: boolean;
}

/**
 * RunLine
 * A run in short.
 */
export interface RunLine {
  /** Number */
  number: number;
  /** Runbook */
  runbook: string;
  /** Step */
  step: string;
  /** Title */
  title: string;
  /** Kind */
  kind:
    | "check"
    | "webhook"
    | "command"
    | "ansible"
    | "kubernetes_scale"
    | "kubernetes_rollout_undo"
    | "mlflow"
    | "fallback";
  /** Target */
  target: string;
  /** State */
  state:
    | "waiting"
    | "running"
    | "retrying"
    | "verifying"
    | "effective"
    | "ineffective"
    | "done"
    | "failed"
    | "expired"
    | "refused"
    | "unknown";
  /** Dry Run */
  dry_run: boolean;
  /**
   * Undo Of
   * The run that it takes back.
   */
  undo_of: number | null;
  /** By Itself */
  by_itself: boolean;
  /** Incident */
  incident: number | null;
  /**
   * Alert
   * The fingerprint of the alert that it is for.
   */
  alert: string | null;
  /** Requested By */
  requested_by: string;
  /**
   * Requested At
   * @format date-time
   */
  requested_at: string;
  /** Started At */
  started_at: string | null;
  /** Decided At */
  decided_at: string | null;
  /**
   * Reason
   * What it waits for, or why it was refused.
   */
  reason: string | null;
  /**
   * Status
   * Of a check: `ok` where all is well.
   */
  status: "ok" | "failed" | "timed_out" | "unknown" | null;
  /**
   * Waits For Approval
   * Whether somebody must agree before it begins.
   */
  waits_for_approval: boolean;
}

/**
 * RunShown
 * A run with what it came to, and all that was done with it.
 */
export interface RunShown {
  /** Number */
  number: number;
  /** Runbook */
  runbook: string;
  /** Step */
  step: string;
  /** Title */
  title: string;
  /** Kind */
  kind:
    | "check"
    | "webhook"
    | "command"
    | "ansible"
    | "kubernetes_scale"
    | "kubernetes_rollout_undo"
    | "mlflow"
    | "fallback";
  /** Target */
  target: string;
  /** State */
  state:
    | "waiting"
    | "running"
    | "retrying"
    | "verifying"
    | "effective"
    | "ineffective"
    | "done"
    | "failed"
    | "expired"
    | "refused"
    | "unknown";
  /** Dry Run */
  dry_run: boolean;
  /**
   * Undo Of
   * The run that it takes back.
   */
  undo_of: number | null;
  /** By Itself */
  by_itself: boolean;
  /** Incident */
  incident: number | null;
  /**
   * Alert
   * The fingerprint of the alert that it is for.
   */
  alert: string | null;
  /** Requested By */
  requested_by: string;
  /**
   * Requested At
   * @format date-time
   */
  requested_at: string;
  /** Started At */
  started_at: string | null;
  /** Decided At */
  decided_at: string | null;
  /**
   * Reason
   * What it waits for, or why it was refused.
   */
  reason: string | null;
  /**
   * Status
   * Of a check: `ok` where all is well.
   */
  status: "ok" | "failed" | "timed_out" | "unknown" | null;
  /**
   * Waits For Approval
   * Whether somebody must agree before it begins.
   */
  waits_for_approval: boolean;
  /** Severity */
  severity: string | null;
  /**
   * Does
   * What is done, with the values in it.
   */
  does: Record<string, unknown>;
  /** Approvals */
  approvals: ApprovalShown[];
  /** Attempt */
  attempt: number;
  /**
   * Next At
   * When it is looked at again.
   */
  next_at: string | null;
  /**
   * Verify At
   * When its effect is measured.
   */
  verify_at: string | null;
  /** Undo */
  undo: string | null;
  result: ResultShown | null;
  /**
   * Audit
   * Who did what, when, and from where.
   */
  audit: Record<string, unknown>[];
}

/**
 * RunbookApplied
 * A runbook was applied.
 */
export interface RunbookApplied {
  /** Title */
  title: string;
  /** Steps */
  steps: string[];
  /** Name */
  name: string;
  /** Outcome */
  outcome: "created" | "changed" | "unchanged";
}

/**
 * RunbookChecked
 * What is in a runbook.
 */
export interface RunbookChecked {
  /** Title */
  title: string;
  /** Steps */
  steps: string[];
}

/**
 * RunbookLine
 * A runbook in short.
 */
export interface RunbookLine {
  /** Name */
  name: string;
  /** Title */
  title: string;
  /**
   * Starter
   * Whether it comes with Watchkeeper.
   */
  starter: boolean;
  /** Set At */
  set_at: string | null;
  /** Who */
  who: string | null;
  /** Steps */
  steps: StepShown[];
}

/**
 * RunbookShown
 * A runbook with its text.
 */
export interface RunbookShown {
  /** Name */
  name: string;
  /** Title */
  title: string;
  /**
   * Starter
   * Whether it comes with Watchkeeper.
   */
  starter: boolean;
  /** Set At */
  set_at: string | null;
  /** Who */
  who: string | null;
  /** Steps */
  steps: StepShown[];
  /** Text */
  text: string;
}

/**
 * Runbooks
 * The runbooks, by name.
 */
export interface Runbooks {
  /** Runbooks */
  runbooks: RunbookLine[];
}

/**
 * Runs
 * Runs, the newest first.
 */
export interface Runs {
  /** Runs */
  runs: RunLine[];
}

/**
 * ScheduleShown
 * A schedule: who is on call now, and who will be.
 */
export interface ScheduleShown {
  /** Schedule */
  schedule: string;
  /** Zone */
  zone: string;
  /**
   * User
   * Null: nobody is on call.
   */
  user: string | null;
  /** Name */
  name: string | null;
  /** Until */
  until: string | null;
  /** Contacts */
  contacts: ContactShown[];
  /** Shifts */
  shifts: ShiftShown[];
  /** Gaps */
  gaps: GapShown[];
}

/**
 * Series
 * Metrics over time; steps without rows are absent.
 */
export interface Series {
  /** Model */
  model: string;
  /** A half-open time range in UTC. */
  window: Span;
  /** Step */
  step: string;
  /**
   * Step S
   * The length of a step in seconds.
   */
  step_s?: number | null;
  /** Series */
  series: Line[];
}

/**
 * Server
 * The process that answers.
 */
export interface Server {
  /** Version */
  version: string;
  /**
   * Access
   * `local`: this machine alone, nobody is asked; `keys`: with a key; `users`: who signs in, or with a key; `open`: anybody.
   */
  access: "local" | "keys" | "users" | "open";
  /** Url */
  url: string;
  /** Uptime S */
  uptime_s: number;
  worker?: Worker | null;
}

/**
 * ServiceDifference
 * A metric of the service in two versions.
 */
export interface ServiceDifference {
  a: Measured | null;
  b: Measured | null;
  /** A measured number with what one needs to trust it. */
  change: Measured;
  /** P Value */
  p_value: number | null;
  /**
   * P Adjusted
   * Over all metrics, Benjamini-Hochberg.
   */
  p_adjusted: number | null;
  /** Different */
  different: boolean | null;
}

/**
 * SessionShown
 * Who asks, and what they may do.
 */
export interface SessionShown {
  /**
   * How
   * `open`: nobody is asked who they are, and everything is allowed.
   */
  how: "session" | "key" | "open";
  /**
   * Name
   * Of the user or the key.
   */
  name: string | null;
  /** Display Name */
  display_name: string | null;
  /** Role */
  role: "viewer" | "editor" | "admin" | null;
  /**
   * May
   * The scopes that are granted, those implied included.
   */
  may: ("ingest" | "read" | "edit" | "admin")[];
  /**
   * Csrf
   * To be sent as X-CSRF-Token with what changes something; null without session.
   */
  csrf: string | null;
  /**
   * Expires
   * When the session ends at the latest.
   */
  expires: string | null;
  /**
   * Can Set Password
   * Whether PUT /v1/session/password will do.
   */
  can_set_password: boolean;
}

/**
 * SessionsShown
 * Sessions, the one used last first.
 */
export interface SessionsShown {
  /** Sessions */
  sessions: OneSession[];
}

/**
 * Shares
 * How the rows of a column lie, as shares that add up to 1.
 */
export interface Shares {
  /** Rows */
  rows: number;
  /**
   * Shares
   * Of each bin or category.
   */
  shares: number[];
  /** Missing */
  missing: number;
  /**
   * Below
   * Of values below the first edge.
   */
  below: number;
  /** Above */
  above: number;
  /**
   * New
   * Of categories that the reference does not have.
   */
  new: number;
  /** Statistics */
  statistics: Record<string, number | null>;
}

/**
 * SharesPoint
 * The shares of one step.
 */
export interface SharesPoint {
  /** Rows */
  rows: number;
  /**
   * Shares
   * Of each bin or category.
   */
  shares: number[];
  /** Missing */
  missing: number;
  /**
   * Below
   * Of values below the first edge.
   */
  below: number;
  /** Above */
  above: number;
  /**
   * New
   * Of categories that the reference does not have.
   */
  new: number;
  /** Statistics */
  statistics: Record<string, number | null>;
  /**
   * Start
   * @format date-time
   */
  start: string;
  /**
   * End
   * @format date-time
   */
  end: string;
}

/**
 * ShiftShown
 * Somebody is on call.
 */
export interface ShiftShown {
  /** User */
  user: string;
  /**
   * Start
   * @format date-time
   */
  start: string;
  /**
   * End
   * @format date-time
   */
  end: string;
  /** Layer */
  layer: string;
}

/**
 * SignInWays
 * How one can sign in.
 */
export interface SignInWays {
  /**
   * Needed
   * Whether anybody is asked who they are.
   */
  needed: boolean;
  /** Password */
  password: boolean;
  oidc: OidcShown | null;
}

/**
 * SinkState
 * How the database does that gets the rows of the tables as well.
 */
export interface SinkState {
  /** Where */
  where: string;
  /**
   * Caught Up
   * When all that the tables had was there.
   */
  caught_up: string | null;
  /**
   * Behind S
   * Seconds since then.
   */
  behind_s: number | null;
  /**
   * Behind
   * Commits of tables that are not there yet.
   */
  behind: number;
  /**
   * Rows
   * Rows that were sent since the worker started.
   */
  rows: number;
  /**
   * Failing
   * Tables that do not get there, and why.
   */
  failing: Record<string, string>;
}

/**
 * SloShown
 * An SLO on a model.
 */
export interface SloShown {
  /** File */
  file: string;
  /** Name */
  name: string;
  /** Model */
  model: string;
  /** Objective */
  objective: number;
  /** Period */
  period: string;
  /** Budgeting */
  budgeting: "occurrences" | "timeslices";
  /** Kind */
  kind: string;
  /** Description */
  description: string;
  /**
   * Bad
   * Bad events, or slices, in the period.
   */
  bad: number | null;
  /** Total */
  total: number | null;
  /**
   * Remaining
   * The share of the error budget that is left; below 0 it is overspent.
   */
  remaining: number | null;
  /** Error */
  error: string | null;
}

/**
 * Slos
 * The SLOs in force.
 */
export interface Slos {
  /** Slos */
  slos: SloShown[];
}

/**
 * Span
 * A half-open time range in UTC.
 */
export interface Span {
  /**
   * Start
   * @format date-time
   */
  start: string;
  /**
   * End
   * @format date-time
   */
  end: string;
}

/**
 * StampShown
 * A step that was taken.
 */
export interface StampShown {
  /** State */
  state:
    | "open"
    | "acknowledged"
    | "investigating"
    | "mitigated"
    | "resolved"
    | "closed"
    | "merged"
    | "false_alarm";
  /**
   * At
   * @format date-time
   */
  at: string;
  /** Actor */
  actor: string;
}

/**
 * Status
 * How the server does.
 */
export interface Status {
  /** The process that answers. */
  server: Server;
  /** Accounting */
  accounting: Account[];
  /** What is acknowledged and not yet in the tables. */
  journal: JournalState;
  /** The disk where the data lie. */
  disk: Disk;
  /** What the background worker last told. */
  worker: WorkerState;
  /** Absent where there is none. */
  sink?: SinkState | null;
  alarms?: AlarmsState | null;
  /**
   * Stale Hours
   * Hours whose profiles are to be made again.
   * @default 0
   */
  stale_hours?: number;
  /** Problems */
  problems: string[];
}

/**
 * StepShown
 * A step of a runbook.
 */
export interface StepShown {
  /** Id */
  id: string;
  /** Title */
  title: string;
  /** Kind */
  kind:
    | "check"
    | "webhook"
    | "command"
    | "ansible"
    | "kubernetes_scale"
    | "kubernetes_rollout_undo"
    | "mlflow"
    | "fallback";
  /**
   * Does
   * What it looks at or does, as it stands in the file.
   */
  does: Record<string, unknown>;
  /**
   * Target
   * What it acts on, as a template.
   */
  target: string;
  /** Reversible */
  reversible: boolean;
  /** Idempotent */
  idempotent: boolean;
  /**
   * Undo
   * The step that takes it back, or `built-in`.
   */
  undo: string | null;
  /** Approval */
  approval: "any" | "second";
  /** Timeout */
  timeout: string;
}

/**
 * Storage
 * What is kept, and how much room it takes.
 */
export interface Storage {
  /** Parts */
  parts: StoredPart[];
  /** Tables */
  tables: StoredTable[];
}

/**
 * StoredPart
 * A part of the server's folder.
 */
export interface StoredPart {
  /** Name */
  name: string;
  /**
   * Holds
   * What is in it, in words.
   */
  holds: string;
  /** Bytes */
  bytes: number;
}

/**
 * StoredTable
 * What was sent about a model.
 */
export interface StoredTable {
  /** Model */
  model: string;
  /** Signal */
  signal: string;
  /** Bytes */
  bytes: number;
  /** First Day */
  first_day: string | null;
  /** Last Day */
  last_day: string | null;
  /**
   * Days
   * How long it is kept; null: for ever.
   */
  days: number | null;
}

/**
 * TakenOn
 * Somebody has taken it on.
 */
export interface TakenOn {
  /** By */
  by: string;
  /** At */
  at: string | null;
  /** Until */
  until: string | null;
}

/**
 * TimelineEntry
 * A line of a timeline.
 */
export interface TimelineEntry {
  /** Number */
  number: number;
  /**
   * At
   * @format date-time
   */
  at: string;
  /**
   * Recorded At
   * @format date-time
   */
  recorded_at: string;
  /** Kind */
  kind:
    | "alert"
    | "change"
    | "action"
    | "message"
    | "note"
    | "decision"
    | "role"
    | "state";
  /** Actor */
  actor: string;
  /** Text */
  text: string;
  /** Link */
  link: string;
  /** Data */
  data: Record<string, unknown>;
}

/**
 * Took
 * How long the steps of an incident took, in seconds; null where one was not reached.
 */
export interface Took {
  /** Detect */
  detect: number | null;
  /** Acknowledge */
  acknowledge: number | null;
  /** Mitigate */
  mitigate: number | null;
  /** Resolve */
  resolve: number | null;
}

/**
 * Track
 * Drift of every column and the quality scores over time, against the reference.
 */
export interface Track {
  /** Model */
  model: string;
  /** Version */
  version: string | null;
  /** Segment */
  segment: string | null;
  /** A half-open time range in UTC. */
  window: Span;
  /** Step */
  step: string;
  /** Step S */
  step_s: number;
  /**
   * Tolerance
   * Effects up to it are harmless.
   */
  tolerance: number;
  /**
   * Steps
   * Steps with rows, in the order of time.
   */
  steps: TrackStep[];
  /** Drift */
  drift: Record<string, TrackedColumn>;
  /**
   * Ranking
   * The most changed column first.
   */
  ranking: string[];
  /** Quality */
  quality: Record<string, TrackedScore>;
}

/**
 * TrackStep
 * One step of a track.
 */
export interface TrackStep {
  /**
   * Start
   * @format date-time
   */
  start: string;
  /**
   * End
   * @format date-time
   */
  end: string;
  /** Rows */
  rows: number;
  /** Labelled */
  labelled: number;
  /**
   * Drifted
   * Columns that drifted; null where none can be judged.
   */
  drifted: number | null;
  /** Columns */
  columns: number;
}

/**
 * TrackedColumn
 * A column, with a value for each step; null where it was not measured.
 */
export interface TrackedColumn {
  /** Kind */
  kind: string;
  /** Role */
  role: string;
  /** Effect */
  effect: (number | null)[];
  /** Low */
  low: (number | null)[];
  /** High */
  high: (number | null)[];
  /** Verdicts */
  verdicts: (string | null)[];
  /** Missing */
  missing: (number | null)[];
}

/**
 * TrackedScore
 * A quality score, with a value for each step.
 */
export interface TrackedScore {
  /** Target */
  target: number | null;
  /** Points */
  points: (number | null)[];
}

/**
 * Tried
 * What became of the messages to a receiver.
 */
export interface Tried {
  /** Channels */
  channels: TriedChannel[];
}

/**
 * TriedChannel
 * What became of a message that was sent to be seen.
 */
export interface TriedChannel {
  /** Channel */
  channel: string;
  /** Arrived */
  arrived: boolean;
  /**
   * Detail
   * What the receiver said, or why it did not arrive.
   */
  detail: string;
}

/**
 * UserShown
 * A user.
 */
export interface UserShown {
  /** Name */
  name: string;
  /** Display Name */
  display_name: string;
  /** Role */
  role: "viewer" | "editor" | "admin";
  /**
   * Way
   * Where the user signs in.
   */
  way: "password" | "oidc";
  /** Disabled */
  disabled: string | null;
  /**
   * Created
   * @format date-time
   */
  created: string;
  /** Last Sign In */
  last_sign_in: string | null;
}

/**
 * UsersShown
 * All users by name.
 */
export interface UsersShown {
  /** Users */
  users: UserShown[];
}

/**
 * Version
 * A version of a model that records have named.
 */
export interface Version {
  /** Version */
  version: string;
  /** First Seen */
  first_seen?: string | null;
  /** Last Seen */
  last_seen?: string | null;
  /**
   * Rows
   * Predictions; in a model's own answer.
   */
  rows?: number | null;
}

/**
 * Versions
 * The versions of a model, newest first.
 */
export interface Versions {
  /** Versions */
  versions: Version[];
}

/**
 * Worker
 * The background process that writes tables and measures.
 */
export interface Worker {
  /** Alive */
  alive: boolean;
  /** Pid */
  pid?: number | null;
  /**
   * Restarts
   * @default 0
   */
  restarts?: number;
}

/**
 * WorkerState
 * What the background worker last told.
 */
export interface WorkerState {
  /** Last Step */
  last_step: string | null;
  /** Last Step Age S */
  last_step_age_s: number | null;
  /**
   * Failing
   * What goes wrong in the background, and why.
   */
  failing?: Record<string, unknown>;
}

/**
 * BadRecord
 * A record that was not taken.
 */
export interface BadRecord {
  /**
   * Index
   * Its place in the request, from 0.
   */
  index: number;
  /**
   * Id
   * @default null
   */
  id?: string | null;
  /**
   * Reason
   * A word for programs.
   */
  reason: string;
  /** Message */
  message: string;
}

/**
 * ChangedUser
 * What changes of a user; what is left out stays.
 */
export interface ChangedUser {
  /**
   * Display Name
   * @default null
   */
  display_name?: string | null;
  /**
   * Role
   * @default null
   */
  role?: "viewer" | "editor" | "admin" | null;
  /**
   * Disabled
   * @default null
   */
  disabled?: boolean | null;
  /**
   * Password
   * @default null
   */
  password?: string | null;
}

/**
 * Error
 * The body of every answer from 400 on.
 */
export interface Error {
  /** What went wrong. */
  error: ErrorDetail;
}

/**
 * ErrorDetail
 * What went wrong.
 */
export interface ErrorDetail {
  /**
   * Code
   * A word for programs.
   */
  code: string;
  /**
   * Message
   * What was given, what is allowed, what to do.
   */
  message: string;
}

/**
 * NewKey
 * An API key to be made.
 */
export interface NewKey {
  /**
   * Name
   * @minLength 1
   * @maxLength 100
   */
  name: string;
  /**
   * Scopes
   * `admin` implies the others, which imply nothing else.
   * @minItems 1
   */
  scopes: ("ingest" | "read" | "edit" | "admin")[];
  /**
   * Expires
   * With an offset; absent: never.
   * @default null
   */
  expires?: string | null;
}

/**
 * NewPassword
 * A new password, and the one before.
 */
export interface NewPassword {
  /**
   * Old
   * @maxLength 1000
   */
  old: string;
  /**
   * New
   * 15 to 200 characters.
   * @maxLength 1000
   */
  new: string;
}

/**
 * NewUser
 * A user who signs in with a password.
 */
export interface NewUser {
  /**
   * Name
   * a-z, 0-9 and . _ @ + -
   * @maxLength 200
   */
  name: string;
  /**
   * Display Name
   * @maxLength 200
   * @default ""
   */
  display_name?: string;
  /** Role */
  role: "viewer" | "editor" | "admin";
  /**
   * Password
   * 15 to 200 characters.
   * @maxLength 1000
   */
  password: string;
}

/**
 * ProductionReference
 * A reference made of what the model saw in production; name one of the three.
 */
export interface ProductionReference {
  /**
   * Window
   * @default null
   */
  window?: string | null;
  /**
   * Rolling
   * @default null
   */
  rolling?: string | null;
  /**
   * Seasonal
   * @default null
   */
  seasonal?: string | null;
}

/**
 * SignIn
 * Who signs in.
 */
export interface SignIn {
  /**
   * Name
   * @maxLength 200
   */
  name: string;
  /**
   * Password
   * @maxLength 1000
   */
  password: string;
}

/**
 * Taken
 * What became of the records of a request; they are on disk.
 */
export interface Taken {
  /**
   * Batch
   * The batch's key: the client's, or one made here.
   */
  batch: string;
  /**
   * Accepted
   * @min 0
   */
  accepted: number;
  /**
   * Rejected
   * @min 0
   */
  rejected: number;
  /**
   * Duplicate
   * Whether this batch was here before and is not counted again.
   */
  duplicate: boolean;
  /**
   * Errors
   * The first 100 records that were rejected.
   */
  errors: BadRecord[];
}
