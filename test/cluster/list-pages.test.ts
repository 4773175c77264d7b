import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pods, services } from '../../functions/cluster/kinds.ts';
import { limitsOf, listOf, namesOf, readAll, sourceOf, stopAll } from './api-server-stub.ts';
import { sendJson } from './https-server.ts';

afterEach(stopAll);

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test('begin at 250 and are adapted to about 1 MB; resourceVersion is never sent', async () => {
  const small = listOf(6_000, 10);
  const big = listOf(600, 20_000);
  const { source, paths } = await sourceOf({
    '/api/v1/pods': (_, response, url) => sendJson(response, big(url)),
    '/api/v1/services': (_, response, url) => sendJson(response, small(url)),
  });
  const { names, ends } = await readAll(source, [pods, services]);
  assert.equal(names.length, 6_600);
  assert.deepEqual(ends.get(services), { read: services, objects: 6_000, state: 'complete' });
  assert.deepEqual(limitsOf(paths(), 'services').slice(0, 4), [250, 1_000, 1_000, 4_000]);
  const [first, ...others] = limitsOf(paths(), 'pods');
  assert.equal(first, 250);
  for (const limit of others) assert.ok(limit >= 45 && limit <= 50, `about 1 MB of 20 KB each: ${limit}`);
  assert.ok(paths().every((path) => !path.includes('resourceVersion')));
});

test('a cut page is asked for again, and each object shown once', async () => {
  const list = listOf(700);
  const cut = new Set<string>();
  const { source, paths } = await sourceOf({
    '/api/v1/pods': (request, response, url) => {
      if (cut.has(url.search)) return sendJson(response, list(url));
      cut.add(url.search);
      response.writeHead(200, { 'content-type': 'application/json' }).write(JSON.stringify(list(url)).slice(0, 2_000));
      setTimeout(() => request.socket.destroy(), 10);
    },
  });
  const { names, end } = await readAll(source, [pods]);
  assert.deepEqual(names, namesOf(700));
  assert.equal(end?.state, 'complete');
  assert.equal(paths().length, 1 + 2 * 2, 'discovery of the core group, and each page twice');
});

test('410 is continued with its own token: inconsistent, each object once', async () => {
  const list = listOf(700);
  const { source } = await sourceOf({
    '/api/v1/pods': (_, response, url) => {
      const token = url.searchParams.get('continue') ?? '';
      if (token === '250')
        return sendJson(response, { kind: 'Status', code: 410, reason: 'Expired', metadata: { continue: 'new-250' } }, 410);
      if (token.startsWith('new-')) url.searchParams.set('continue', token.slice('new-'.length));
      sendJson(response, list(url));
    },
  });
  const { names, end } = await readAll(source, [pods]);
  assert.deepEqual(names, namesOf(700));
  assert.deepEqual(end, { read: pods, objects: 700, state: 'inconsistent' });
});

test('410 without a token fails the read as expired, never from the start again', async () => {
  const list = listOf(700);
  const { source, paths } = await sourceOf({
    '/api/v1/pods': (_, response, url) =>
      url.searchParams.has('continue') ? sendJson(response, { kind: 'Status', code: 410 }, 410) : sendJson(response, list(url)),
  });
  const { names, end } = await readAll(source, [pods]);
  assert.equal(names.length, 250);
  assert.deepEqual([end?.state, end?.state === 'failed' && end.reason, end?.objects], ['failed', 'expired', 250]);
  assert.equal(limitsOf(paths(), 'pods').length, 2);
});

test('a page that takes too long is asked for smaller', async () => {
  const list = listOf(120);
  const { source, paths } = await sourceOf(
    {
      '/api/v1/pods': (_, response, url) => {
        if (Number(url.searchParams.get('limit')) <= 50) sendJson(response, list(url));
      },
    },
    {},
    { timeouts: { connect: 5_000, idle: 300, whole: 10_000 } },
  );
  const { names, end } = await readAll(source, [pods]);
  assert.deepEqual([names.length, end?.state], [120, 'complete']);
  assert.deepEqual(limitsOf(paths(), 'pods').slice(0, 3), [250, 50, 50]);
});

test('a page that is too large is asked for smaller, as often as it can be, and takes no memory before', async () => {
  const list = listOf(30, 1_200_000);
  const { source, paths } = await sourceOf({ '/api/v1/pods': (_, response, url) => sendJson(response, list(url)) });
  const { names, end } = await readAll(source, [pods]);
  assert.deepEqual([names, end?.state], [namesOf(30), 'complete']);
  assert.deepEqual(limitsOf(paths(), 'pods'), [250, 50, 10, 10, 10]);
  assert.ok(source.traffic().bytes < 36_000_000 + 2 * 17_500_000, `${source.traffic().bytes} bytes`);
});

test('a list without items, and one that is null', async () => {
  const { source } = await sourceOf({
    '/api/v1/pods': (_, response) => sendJson(response, { kind: 'PodList', items: null }),
    '/api/v1/services': (_, response) => sendJson(response, { kind: 'ServiceList' }),
  });
  const { ends } = await readAll(source, [pods, services]);
  assert.deepEqual(ends.get(pods), { read: pods, objects: 0, state: 'complete' });
  const end = ends.get(services);
  assert.match(end?.state === 'failed' ? end.message : '', /no list/);
});

test('control characters are taken out where they enter', async () => {
  const { source } = await sourceOf({
    '/api/v1/pods': (_, response) => sendJson(response, { items: [{ metadata: { name: 'a\u001b[31mb\u202ec\r\u0085' } }] }),
  });
  assert.deepEqual((await readAll(source, [pods])).names, ['a[31mbc']);
});

test('lists of custom resources, whose token comes last', async () => {
  const list = listOf(700, 0, true);
  const { source, paths } = await sourceOf({ '/api/v1/pods': (_, response, url) => sendJson(response, list(url)) });
  assert.deepEqual((await readAll(source, [pods])).names, namesOf(700));
  assert.equal(limitsOf(paths(), 'pods').length, 2);
});

test('from the second on, the next page is asked for as soon as one begins to come, and never twice', async () => {
  const list = listOf(3_000);
  const asked = new Map<string, () => void>();
  const whenAsked = (token: string) => new Promise<void>((resolve) => asked.set(token, resolve));
  const third = whenAsked('1250');
  const { source, paths } = await sourceOf({
    '/api/v1/pods': (_, response, url) => {
      const token = url.searchParams.get('continue') ?? '';
      asked.get(token)?.();
      if (token !== '250') return sendJson(response, list(url));
      // The second page's rest comes only when the third was asked for.
      const text = JSON.stringify(list(url));
      response.writeHead(200, { 'content-type': 'application/json' }).write(text.slice(0, 4_000));
      void third.then(() => response.end(text.slice(4_000)));
    },
  });
  const { names, end } = await readAll(source, [pods]);
  assert.deepEqual([names, end?.state], [namesOf(3_000), 'complete']);
  assert.deepEqual(limitsOf(paths(), 'pods'), [250, 1_000, 1_000, 4_000]);
});

test('one page is asked for ahead and no more, however slowly pages are looked at', async () => {
  const list = listOf(3_000, 10_000);
  const { source, paths } = await sourceOf({ '/api/v1/pods': (_, response, url) => sendJson(response, list(url)) });
  const stream = source.read([pods], new AbortController().signal)[Symbol.asyncIterator]();
  for (let page = 1; page <= 4; page += 1) {
    await stream.next();
    await sleep(50);
    // The one looked at, the one that waits for it, and the one ahead of that.
    assert.ok(limitsOf(paths(), 'pods').length <= page + 2, `${limitsOf(paths(), 'pods').length} asked for at page ${page}`);
  }
  await stream.return?.();
});

test('a page that is asked for ahead and fails is asked for again, and one that comes short is taken as it is', async () => {
  const list = listOf(700);
  let failures = 2;
  const { source, paths } = await sourceOf({
    '/api/v1/pods': (request, response, url) => {
      const token = url.searchParams.get('continue');
      if (token === '100' && failures > 0) {
        failures -= 1;
        request.socket.destroy();
        return;
      }
      // Fewer than asked for, as a server may give under a selector.
      url.searchParams.set('limit', '100');
      sendJson(response, list(url));
    },
  });
  const { names, end } = await readAll(source, [pods]);
  assert.deepEqual([names, end?.state], [namesOf(700), 'complete']);
  assert.equal(limitsOf(paths(), 'pods').length, 7 + 2);
});

test('a page that is cut without a sign, and comes again with another token: only that one counts', async () => {
  for (const customOrder of [false, true]) {
    const list = listOf(3_000);
    const again = listOf(3_000, 0, customOrder);
    const tokens: string[] = [];
    const { source } = await sourceOf({
      '/api/v1/pods': (_, response, url) => {
        const token = url.searchParams.get('continue') ?? '';
        const cut = token === '250' && !tokens.includes('250');
        tokens.push(token);
        if (token === '1250') return sendJson(response, { items: [{ metadata: { name: 'of an older snapshot' } }] });
        url.searchParams.set('continue', token.replace('newer-', ''));
        const page = cut || token === '' ? list(url) : again(url);
        if (token === '250' && !cut && page.metadata.continue) page.metadata.continue = `newer-${page.metadata.continue}`;
        if (!cut) return sendJson(response, page);
        response.useChunkedEncodingByDefault = false;
        response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(page).slice(0, 9_000));
      },
    });
    assert.deepEqual((await readAll(source, [pods])).names, namesOf(3_000));
    assert.ok(tokens.includes('1250') && tokens.includes('newer-1250'), `asked ahead, and then not taken: ${tokens}`);
  }
});

test('a page that is cut without a sign asks ahead once', async () => {
  const list = listOf(3_000);
  let cuts = 2;
  const { source, paths } = await sourceOf({
    '/api/v1/pods': (_, response, url) => {
      if (url.searchParams.get('continue') !== '250' || cuts === 0) return sendJson(response, list(url));
      cuts -= 1;
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(list(url)).slice(0, 9_000));
    },
  });
  assert.deepEqual((await readAll(source, [pods])).names, namesOf(3_000));
  assert.equal(paths().filter((path) => path.includes('continue=1250')).length, 1);
});

test('who leaves in the middle does not wait for the page under way', async () => {
  const list = listOf(700);
  const { source } = await sourceOf({
    '/api/v1/pods': (_, response, url) => {
      if (!url.searchParams.has('continue')) sendJson(response, list(url));
    },
  });
  const stream = source.read([pods], new AbortController().signal)[Symbol.asyncIterator]();
  await stream.next();
  const started = performance.now();
  await stream.return?.();
  assert.ok(performance.now() - started < 4_000);
});

test('a page that stops coming, or expires when it is asked for again, is not taken to be the one asked for ahead of it', async () => {
  for (const second of ['slow', 'expired'] as const) {
    const list = listOf(3_000);
    let stopped = false;
    const { source, paths } = await sourceOf(
      {
        '/api/v1/pods': (request, response, url) => {
          const token = url.searchParams.get('continue') ?? '';
          url.searchParams.set('continue', token.replace('newer-', ''));
          if (token !== '250') return sendJson(response, list(url));
          if (stopped && second === 'expired')
            return sendJson(response, { kind: 'Status', code: 410, metadata: { continue: 'newer-250' } }, 410);
          if (stopped) return sendJson(response, list(url));
          stopped = true;
          response.writeHead(200, { 'content-type': 'application/json' }).write(JSON.stringify(list(url)).slice(0, 9_000));
          if (second === 'expired') setTimeout(() => request.socket.destroy(), 100);
        },
      },
      {},
      { timeouts: { connect: 5_000, idle: 300, whole: 10_000 } },
    );
    const { names, end } = await readAll(source, [pods]);
    assert.ok(
      paths().some((path) => path.endsWith('continue=1250')),
      'the next one was asked for ahead',
    );
    assert.deepEqual([names, end?.state], [namesOf(3_000), second === 'slow' ? 'complete' : 'inconsistent'], second);
  }
});

test('pages that are done with are not kept while another list is slow', async () => {
  const list = listOf(2_500, 1_000);
  const { source } = await sourceOf({
    '/api/v1/pods': (_, response, url) => {
      url.searchParams.set('limit', '100');
      sendJson(response, list(url));
    },
    // Never answered.
    '/api/v1/services': () => undefined,
  });
  const leave = new AbortController();
  const pages: WeakRef<object>[] = [];
  for await (const said of source.read([pods, services], leave.signal)) {
    if ('objects' in said && typeof said.objects === 'object') pages.push(new WeakRef(said.objects));
    else if (said.read === pods) leave.abort();
    if (pages.length < 20 || leave.signal.aborted) continue;
    await sleep(20);
    collectGarbage();
    assert.ok(pages.filter((page) => page.deref() !== undefined).length <= 5, 'pages are kept');
  }
  assert.equal(pages.length, 25);
});
