import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedKind, duration, pointInTime, remedyParts } from '../../functions/report/wording.ts';

test('a remedy is parted into sentences and what is to be copied', () => {
  const cases: readonly [string, readonly string[]][] = [
    ['', []],
    ['look at the machine itself: does it run?', ['look at the machine itself: does it run?']],
    ['kubectl -n shop describe pod a', ['$kubectl -n shop describe pod a']],
    [
      'kubectl -n shop describe pod a; check the image’s name and tag',
      ['$kubectl -n shop describe pod a', 'check the image’s name and tag'],
    ],
    ['helm -n x history loki, then helm -n x rollback loki 2', ['$helm -n x history loki', '$helm -n x rollback loki 2']],
    [
      'see why it hangs; what is left: kubectl get all | xargs -n 1 kubectl get -n x',
      ['see why it hangs; what is left:', '$kubectl get all | xargs -n 1 kubectl get -n x'],
    ],
    ['add this rule:\n- apiGroups: [""]\n  verbs: [list]', ['add this rule:', '$- apiGroups: [""]\n  verbs: [list]']],
    ['- apiGroups: [""]\n  verbs: [list]\n', ['$- apiGroups: [""]\n  verbs: [list]']],
    ['kubectl apply -f - <<EOF\na: b\nEOF', ['$kubectl apply -f - <<EOF\na: b\nEOF']],
  ];
  for (const [remedy, parts] of cases)
    assert.deepEqual(
      remedyParts(remedy).map(({ kind, text }) => (kind === 'copy' ? `$${text}` : text)),
      parts,
    );
});

test('times are UTC to the minute, durations in seconds or minutes', () => {
  assert.equal(pointInTime('2026-11-24T07:30:59+01:00'), '2026-11-24 06:30 UTC');
  assert.equal(pointInTime('unknown'), 'unknown');
  assert.deepEqual([120, 3200, 59_949, 59_960, 125_000, 179_900].map(duration), [
    '0.1 s',
    '3.2 s',
    '59.9 s',
    '1 min 0 s',
    '2 min 5 s',
    '3 min 0 s',
  ]);
});

test('kinds are counted as Kubernetes calls them', () => {
  assert.deepEqual(
    ['Pod', 'Ingress', 'NetworkPolicy', 'Gateway', 'Endpoints'].map((kind) => countedKind(2, kind)),
    ['2 Pods', '2 Ingresses', '2 NetworkPolicies', '2 Gateways', '2 Endpoints'],
  );
  assert.equal(countedKind(1, 'Pod'), '1 Pod');
});
