/** The handler as Lambda calls it, warm, against a stub of the AWS services that it talks to. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, mock, test } from 'node:test';
import type { Context } from 'aws-lambda';
import type { ReturnValue } from '../../functions/report/return-value.ts';

const objects = new Map<string, string>();
let topicFails = false;

/** S3 by path; SNS and EventBridge by what their requests say; EKS knows no cluster. */
const stub = (): Server =>
  createServer(async (request, response) => {
    const body = await text(request);
    const path = (request.url ?? '').replace(/\?.*/, '');
    const target = String(request.headers['x-amz-target'] ?? '');
    const answer = (status: number, value: string) => void response.writeHead(status, { etag: '"1"' }).end(value);
    if (path.startsWith('/clusters/')) return answer(404, JSON.stringify({ __type: 'ResourceNotFoundException', message: 'none' }));
    if (target.endsWith('PutEvents')) return answer(200, JSON.stringify({ FailedEntryCount: 0, Entries: [{ EventId: 'e' }] }));
    if (body.includes('Action=Publish') || target.endsWith('Publish')) return answer(topicFails ? 403 : 200, topicFails ? refusal : sent);
    if (request.method === 'PUT') {
      objects.set(path, body);
      return answer(200, '');
    }
    const stored = objects.get(path);
    return stored === undefined ? answer(404, '<Error><Code>NoSuchKey</Code></Error>') : answer(200, stored);
  });
const sent = '<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>';
const refusal = '<ErrorResponse><Error><Code>KMSAccessDenied</Code><Message>no key</Message></Error></ErrorResponse>';

const server = stub();
let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nightshift-handler-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const access = { eks: { name: 'c', region: 'eu-central-1' } };
  const topic = 'arn:aws:sns:eu-central-1:123456789012:ops';
  const configuration = {
    clusters: { one: access, two: access },
    schedules: [],
    options: {},
    notify: [{ topic, format: 'text', atLeast: 'warning', when: 'changes' }],
  };
  await writeFile(join(directory, 'configuration.json'), JSON.stringify(configuration));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    LAMBDA_TASK_ROOT: directory,
    NIGHTSHIFT_BUCKET: 'reports',
    NIGHTSHIFT_BUS: 'arn:aws:events:eu-central-1:123456789012:event-bus/b',
    NIGHTSHIFT_TOPICS: JSON.stringify([topic]),
    POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
    // Powertools then writes to the console, but measures nothing unless told.
    POWERTOOLS_DEV: 'true',
    POWERTOOLS_METRICS_DISABLED: 'false',
  });
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

type Line = Readonly<Record<string, unknown>>;

const lambda = async () => {
  const lines: Line[] = [];
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    mock.method(console, method, (line: string) => {
      lines.push(JSON.parse(line) as Line);
    });
  }
  const { handler } = await import('../../functions/health-check/handler.ts');
  let requests = 0;
  return {
    invoke: (event: unknown): Promise<unknown> => {
      requests += 1;
      const context = { awsRequestId: `request-${requests}`, functionName: 'f', getRemainingTimeInMillis: () => 60_000 };
      return Promise.resolve(handler(event, context as Context));
    },
    taken: () => lines.splice(0),
  };
};

describe('one warm function', () => {
  test('keeps nothing of one invocation for the next, and measures only what was stored and whole', async (t) => {
    t.after(() => mock.restoreAll());
    const { invoke, taken } = await lambda();
    // By operation alone for the alarms, then by cluster.
    const metricsOf = (lines: readonly Line[]) =>
      lines
        .filter(({ _aws }) => _aws)
        .map(({ Cluster, Operation, RunCompleted, FindingsCritical }) => [Cluster, Operation, RunCompleted, FindingsCritical]);
    const dimensionsOf = (lines: readonly Line[]) =>
      lines
        .flatMap(({ _aws }) => (_aws as { CloudWatchMetrics: { Dimensions: string[][] }[] } | undefined)?.CloudWatchMetrics ?? [])
        .map(({ Dimensions }) => Dimensions);
    const of = (cluster: string) => ({ cluster, executionId: 'night', scheduledTime: '2026-11-24T06:00:00Z' });

    await invoke(of('one'));
    const first = taken();
    assert.deepEqual(metricsOf(first), [
      [undefined, 'health-check', undefined, 1],
      ['one', 'health-check', 1, 1],
    ]);
    assert.deepEqual(dimensionsOf(first), [[['Operation']], [['Cluster', 'Operation']]]);
    await invoke(of('two'));
    const second = taken();
    assert.deepEqual(metricsOf(second), [
      [undefined, 'health-check', undefined, 1],
      ['two', 'health-check', 1, 1],
    ]);
    assert.deepEqual(dimensionsOf(second), [[['Operation']], [['Cluster', 'Operation']]]);
    assert.ok(second.every((line) => !JSON.stringify(line).includes('"one"')));

    await assert.rejects(invoke({ clutser: 'one' }), /Unknown key/);
    const third = taken();
    assert.deepEqual(metricsOf(third), []);
    assert.ok(
      third.some(({ message, cluster, runId }) => message === 'the event was refused' && cluster === undefined && runId === undefined),
    );

    await invoke({ ...of('one'), executionId: 'by hand', only: ['pod-waiting'] });
    assert.deepEqual(metricsOf(taken()), [], 'a part of the checks is no measure of the cluster');
  });

  test('a topic that refuses: the report is stored, the answer and the log say so', async (t) => {
    t.after(() => mock.restoreAll());
    const { invoke, taken } = await lambda();
    topicFails = true;
    objects.clear();
    const returned = (await invoke({ cluster: 'one', executionId: 'refused' })) as ReturnValue;
    assert.equal(returned.status, 'critical');
    assert.match(returned.publishers.find(({ ok }) => !ok)?.detail ?? '', /KMSAccessDenied/);
    // An alarm of the stack looks for these very words.
    assert.equal(taken().filter(({ message }) => message === 'a publisher failed').length, 1);
  });
});
