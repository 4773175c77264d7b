/** Steps in order: each is looked at only if what it builds on is there, timed, and says what to do where it fails. */
import { ClusterError, type ClusterErrorKind, isClusterError } from '../cluster/cluster-error.ts';
import { withinBudget } from '../scan/within-budget.ts';

/** The steps, in order, as text names them. */
export const stepTitles = {
  'aws-identity': 'AWS identity',
  configuration: 'configuration',
  'name-resolution': 'name resolution',
  tcp: 'TCP',
  tls: 'TLS',
  'server-version': 'server version',
  identity: 'identity',
  rights: 'rights',
  backups: 'backups',
} as const;
export type StepName = keyof typeof stepTitles;

/** What a step has to say; one that fails throws a ClusterError, or says `failed` where there is more to say than an error holds. */
export interface Said {
  readonly state: 'ok' | 'warning' | 'failed';
  /** One line. */
  readonly message: string;
  /** What kind of failure it is. */
  readonly kind?: ClusterErrorKind;
  /** Further lines. */
  readonly facts?: readonly string[];
  /** What to do about a warning or a failure. */
  readonly remedy?: string;
  /** Commands that do it. */
  readonly commands?: readonly string[];
  /** RBAC to be applied as it is printed: YAML. */
  readonly manifest?: string;
}

/** A step as it is told. */
export interface Step extends Omit<Said, 'state'> {
  readonly step: StepName;
  /** Of which of several: a bucket. */
  readonly subject?: string;
  readonly state: Said['state'] | 'skipped';
  /** Absent where it was skipped. */
  readonly milliseconds?: number;
  /** The earlier step that failed, where it was skipped for it. */
  readonly because?: StepName;
}

/** What a step leaves for those after it, or which step failed on the way to it. */
export type After<Value> = { readonly value: Value } | { readonly failed: StepName };

/** What a step says, and what it leaves where it stands. */
export type Seen<Value> = (Said & { readonly state: 'ok' | 'warning'; readonly value: Value }) | (Said & { readonly state: 'failed' });

/** The steps so far, and the way to take the next. */
export interface Steps {
  readonly taken: readonly Step[];
  /** Takes a step on what earlier ones left. Rejects with what is no ClusterError: a fault of Nightshift itself. */
  take<Given, Value>(
    step: { readonly step: StepName; readonly subject?: string },
    after: After<Given>,
    look: (given: Given) => Promise<Seen<Value>>,
  ): Promise<After<Value>>;
  /** Says that a step is not needed here. */
  skip(step: StepName, message: string): void;
}

/** What a first step builds on. */
export const nothing: After<undefined> = { value: undefined };

/** Two that both have to be there; the first that failed is what it is skipped for. */
export const both = <One, Other>(one: After<One>, other: After<Other>): After<readonly [One, Other]> =>
  'failed' in one ? one : 'failed' in other ? other : { value: [one.value, other.value] };

/** An empty list of steps; what a step waits for is left behind once `signal` is aborted: a plugin that logs in knows no signal. */
export const newSteps = (signal: AbortSignal): Steps => {
  const taken: Step[] = [];
  return {
    taken,
    async take<Given, Value>(
      step: { readonly step: StepName; readonly subject?: string },
      after: After<Given>,
      look: (given: Given) => Promise<Seen<Value>>,
    ): Promise<After<Value>> {
      if ('failed' in after) {
        taken.push({ ...step, state: 'skipped', message: `because this failed: ${stepTitles[after.failed]}`, because: after.failed });
        return after;
      }
      const started = performance.now();
      const looked = look(after.value).catch((error: unknown): Seen<Value> => {
        if (!isClusterError(error)) throw error;
        return failed(error);
      });
      const seen = (await withinBudget(looked, signal)) ?? failed(new ClusterError('aborted', 'it was given up', 'run again'));
      const milliseconds = Math.round(performance.now() - started);
      if (seen.state === 'failed') {
        taken.push({ ...step, ...seen, milliseconds });
        return { failed: step.step };
      }
      const { value, ...said } = seen;
      taken.push({ ...step, ...said, milliseconds });
      return { value };
    },
    skip: (step, message) => void taken.push({ step, state: 'skipped', message }),
  };
};

/** An error as a step says it. */
export const failed = ({ kind, message, remedy }: ClusterError): Said & { readonly state: 'failed' } => ({
  state: 'failed',
  kind,
  message,
  remedy,
});
