import * as z from 'zod';
import { defineCheck, NotApplicable } from '../../scan/contracts.ts';
import { inWords } from '../age.ts';
import { apiServer } from '../control-plane.ts';

const day = 86_400_000;

export default defineCheck({
  id: 'api-server-certificate',
  title: 'The API server’s certificate runs out',
  why: 'From that moment on no kubelet, controller or person reaches the cluster any more.',
  upstream: 'https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/',
  reads: {},
  probes: ['/version'],
  // Each run sees the certificate of one of several replicas.
  flaps: true,
  options: z.strictObject({
    warningDays: z.number().min(0).default(30).describe('Warn this long before it runs out'),
    criticalDays: z.number().min(0).default(7).describe('Critical this long before it runs out'),
  }),
  start({ options, now, emit, probe }) {
    return {
      see: {},
      async finish() {
        const { certificate } = await probe('/version');
        if (!certificate) throw new NotApplicable('the endpoint is not reached by TLS, so it shows no certificate');
        const { subject, issuer, validFrom, validTo } = certificate;
        const ends = Date.parse(validTo);
        const begins = Date.parse(validFrom);
        const report = (severity: 'critical' | 'warning', message: string) =>
          emit({
            object: apiServer,
            severity,
            message,
            remedy:
              'renew it: kubeadm certs check-expiration, then kubeadm certs renew apiserver, and restart the API server; a managed control plane’s provider renews it, so ask there',
            details: { subject, issuer, validFrom, validTo },
          });
        if (Number.isNaN(ends)) return report('warning', `the end of its certificate’s validity cannot be read: ${validTo}`);
        const date = new Date(ends).toISOString().slice(0, 10);
        if (begins > now) return report('critical', `its certificate is valid only from ${new Date(begins).toISOString()} on`);
        if (ends <= now) return report('critical', `its certificate ran out ${inWords(now - ends)} ago, on ${date}`);
        if (ends - now > options.warningDays * day) return;
        report(
          ends - now <= options.criticalDays * day ? 'critical' : 'warning',
          `its certificate runs out in ${inWords(ends - now)}, on ${date}`,
        );
      },
    };
  },
});
