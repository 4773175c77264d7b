/** A report in which every text that comes from outside tries to be more than text, or is longer than anything fits. */
import type { Report } from '../../functions/report/model.ts';
import { found, ref, reportOf, scanOf, yesterday } from './sample-report.ts';

/** What would run, ask, open or turn around if it were not only shown. Each sets window.harmed if it runs. */
export const hostileTexts: readonly string[] = [
  '<script>window.harmed = 1</script>',
  '</script><script>window.harmed = 2</script>',
  '</style><style>body { display: none }</style>',
  `"><img src="https://harm.test/i.png" onerror="window.harmed = 3">`,
  `' onmouseover='window.harmed = 4' x='`,
  'javascript:window.harmed=5',
  '<a href="javascript:window.harmed=6">link</a>',
  '<!-- --><svg onload="window.harmed = 7">',
  '&lt;b&gt;&amp;amp; &#39;',
  'line\u2028separator\u2029and\u0000null',
  'right\u202eto left\u2066isolated',
  '👩‍👩‍👧‍👦 𝕊𝕦𝕣𝕣𝕠𝕘𝕒𝕥𝕖𝕤 \ud83d half',
  '{{harmed}} $& $1 %s',
  'x'.repeat(5_000),
  'many words '.repeat(460),
  '</details></article></main></body></html>',
];

/** Each text in every place, in findings that stand alone. @param copies so many of each, so that they are grouped */
export const hostileReport = (copies = 1): Report => {
  const all = hostileTexts.flatMap((text, index) =>
    Array.from({ length: copies }, (_, copy) => {
      const object = { apiVersion: 'v1', kind: copies > 1 ? 'Pod' : text, namespace: `${text}${copy}`, name: `${text}${index}` };
      return found('pod-waiting', object, {
        severity: 'critical',
        subject: text,
        message: text,
        remedy: index % 2 ? `kubectl ${text}; then look at ${text}` : `${text}:\n${text}`,
        members: [ref('Pod', text, text), ref('Pod', `${text}-2`, text)],
        location: { file: text, line: 1 },
      });
    }),
  );
  const effects = hostileTexts.map((text) => ref('Deployment', text, text));
  const [first] = all;
  const links = first ? effects.map((effect) => ({ effect, cause: first.object, because: effect.name })) : [];
  const explained = effects.map((effect) => found('deployment-unavailable', effect, { message: effect.name }));
  const ends = hostileTexts.slice(0, 2).map((text, index) => ({
    id: ['warning-events', 'node-not-ready'][index] ?? '',
    outcome: 'incomplete' as const,
    objects: 0,
    reason: text,
    remedy: text,
  }));
  const report = reportOf(scanOf([...all, ...explained], links, ends), {});
  return {
    ...report,
    cluster: hostileTexts[3] ?? '',
    runId: hostileTexts[0] ?? '',
    source: { kind: 'cluster', name: hostileTexts[13] ?? '' },
    kubernetesVersion: hostileTexts[1] ?? '',
    resolved: report.findings.map((finding) => ({ ...finding, fingerprint: `r${finding.fingerprint}` })),
    settling: report.findings.slice(0, 3).map((finding) => ({ ...finding, fingerprint: `s${finding.fingerprint}` })),
    comparedWith: { runId: hostileTexts[2] ?? '', startedAt: yesterday.startedAt },
    checks: hostileTexts.map((text) => ({ check: text, title: text, ran: false, objects: 0, reason: text })),
    ignored: hostileTexts.map((text) => ({
      rule: text,
      reason: text,
      count: 1,
      from: 'annotation' as const,
      until: text,
      object: ref('Pod', text, text),
    })),
    tables: [{ title: hostileTexts[0] ?? '', columns: [...hostileTexts.slice(0, 2)], rows: hostileTexts.map((text) => [text, text]) }],
  };
};
