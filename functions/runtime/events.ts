import * as z from 'zod';
import type { Operation, Origin } from './operation.ts';

/** A mistake in the event: its message says what was given, what is allowed and what to do. */
export class EventError extends Error {
  override readonly name = 'EventError';
}

/** One request, whatever it came in: by hand, from a schedule, from the bus, in an SNS message. */
export interface OperationRequest {
  /** Cluster names, globs or labels as given; undefined means every configured cluster. */
  readonly clusters: readonly string[] | undefined;
  /** The operation's own event keys. */
  readonly own: Readonly<Record<string, unknown>>;
  /** Identifies what started this: a retry or a duplicate carries the same one. */
  readonly executionId: string | undefined;
  /** When it was to start. */
  readonly time: string | undefined;
  readonly origin?: Origin;
}

interface Envelope {
  readonly body: unknown;
  readonly executionId?: string;
  readonly time?: string;
  readonly origin?: Origin;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const time = z.iso.datetime({ offset: true }).optional();
/** An envelope's: one that is no time is as good as none. */
const sentAt = time.catch(undefined);
const snsRecords = z.object({
  Records: z.array(z.object({ Sns: z.object({ MessageId: z.string(), Timestamp: sentAt, Message: z.string() }) })),
});
const busEvent = z.object({ id: z.string(), time: sentAt, 'detail-type': z.string(), detail: z.unknown() });

/** Takes an event out of its SNS or EventBridge envelope. */
const unwrap = (event: unknown): Envelope => {
  if (isRecord(event) && 'Records' in event) {
    const parsed = snsRecords.safeParse(event);
    if (!parsed.success) throw new EventError('The event has Records, but they are no SNS records: only SNS messages are unwrapped.');
    const [record, ...more] = parsed.data.Records;
    if (!record || more.length > 0) {
      throw new EventError(`The event has ${parsed.data.Records.length} SNS records; one at a time is allowed (SNS itself sends one).`);
    }
    const { Message, MessageId, Timestamp } = record.Sns;
    try {
      return { body: JSON.parse(Message), executionId: MessageId, origin: 'sns', ...(Timestamp && { time: Timestamp }) };
    } catch {
      throw new EventError(`The SNS message ${MessageId} is no JSON. Send an event such as {"cluster": "prod"} as its text.`);
    }
  }
  if (isRecord(event) && 'detail-type' in event) {
    const parsed = busEvent.safeParse(event);
    if (!parsed.success) throw new EventError('The event has a detail-type, but no id and detail as EventBridge events have.');
    return { body: parsed.data.detail, executionId: parsed.data.id, origin: 'bus', ...(parsed.data.time && { time: parsed.data.time }) };
  }
  return { body: event };
};

const given = (body: unknown, path: readonly PropertyKey[]): string => {
  let value = body;
  for (const step of path) value = isRecord(value) || Array.isArray(value) ? (value as Record<PropertyKey, unknown>)[step] : undefined;
  return quoted(value);
};

const quoted = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** A whole wrong event must not become a message of its size: that is logged, and answered. */
const firstOf = (texts: readonly string[]): string[] =>
  texts.length > 10 ? [...texts.slice(0, 10), `and ${texts.length - 10} more`] : [...texts];

const explain = (issue: z.core.$ZodIssue, body: unknown, allowed: readonly string[]): string => {
  if (issue.code === 'unrecognized_keys') {
    const template = issue.keys.some((key) => /^key\d$/.test(key)) ? ' This is the template of the Lambda console: replace it.' : '';
    return `Unknown ${issue.keys.length > 1 ? 'keys' : 'key'} ${firstOf(issue.keys.map(quoted)).join(', ')}; allowed are ${allowed.join(', ')}.${template}`;
  }
  const where = issue.path.map(String).join('.');
  return `${where || 'The event'}: ${given(body, issue.path)} was given. ${issue.message}.`;
};

const name = z.string().min(1);

/** An event as an operation takes it, out of its envelope: the operation's own keys, and what schedules and the fan-out add. */
export const eventSchema = (operation: Operation) =>
  z
    .strictObject({
      cluster: name.optional().describe('One cluster, a glob (*) or a label (team=core)'),
      clusters: z.array(name).min(1).optional().describe('Several of them; neither of the two: every configured cluster'),
      operation: z.literal(operation.name).optional().describe('Added by schedules and the fan-out'),
      executionId: name.optional().describe('Added likewise: a retry or a duplicate carries the same one'),
      schedule: name.optional().describe('Added by schedules: its name'),
      scheduledTime: time.describe('Added by schedules: when it was to start'),
      ...operation.event.shape,
    })
    .refine(({ cluster, clusters }) => cluster === undefined || clusters === undefined, {
      error: 'Give cluster or clusters, not both',
      path: ['clusters'],
    })
    .meta({ not: { required: ['cluster', 'clusters'] } });

/**
 * Reads an event strictly. Keys: `cluster` or `clusters` and the operation's own; beside them what schedules and the fan-out add: `operation`,
 * `executionId`, `schedule`, `scheduledTime`. Throws EventError naming the key, what was given and what is allowed.
 */
export const parseEvent = (event: unknown, operation: Operation): OperationRequest => {
  const { body, ...envelope } = unwrap(event);
  const parsed = eventSchema(operation).safeParse(body ?? {});
  if (!parsed.success) {
    const allowed = ['cluster', 'clusters', ...Object.keys(operation.event.shape)];
    const mistakes = parsed.error.issues.map((issue) => explain(issue, body, allowed));
    throw new EventError(`${firstOf(mistakes).join(' ')} An event looks like {"cluster": "prod"}; {} means every configured cluster.`);
  }
  const { cluster, clusters, operation: named, executionId, schedule, scheduledTime, ...own } = parsed.data;
  // Scheduler gives each attempt an execution id of its own; the schedule and its time are the same for all attempts.
  const occasion = schedule && scheduledTime ? `${schedule} ${scheduledTime}` : undefined;
  return {
    clusters: cluster === undefined ? clusters : [cluster],
    own: own as Readonly<Record<string, unknown>>,
    executionId: occasion ?? executionId ?? envelope.executionId,
    time: scheduledTime ?? envelope.time,
    // The rule of the bus hands on the detail alone, which names the operation: that is how it is matched.
    origin: envelope.origin ?? (schedule !== undefined ? 'schedule' : named !== undefined ? 'bus' : 'direct'),
  };
};
