import * as z from 'zod';
import { componentStatuses, leases } from '../../cluster/kinds.ts';
import { defineCheck, NotApplicable, type Ref, refTo } from '../../scan/contracts.ts';
import { inWords, startedAt, timeOf } from '../age.ts';
import { apiServer, type Component, components, etcd, failedChecks, leaseOf } from '../control-plane.ts';
import { lastChange } from '../last-change.ts';
import { because, conditionOf } from '../wire.ts';

const consequence: Readonly<Record<Component, string>> = {
  'kube-scheduler': 'new pods find no node',
  'kube-controller-manager': 'nothing is replaced, scaled, rolled out or cleaned up',
};

interface Renewal {
  readonly renewed: number | undefined;
  /** How long one renewal lasts, in ms. */
  readonly lasts: number;
  readonly holder: string;
}

export default defineCheck({
  id: 'component-status',
  title: 'Scheduler, controller manager and etcd',
  why: 'Without them everything that runs goes on running, and nothing that breaks is put right.',
  upstream: 'https://kubernetes.io/docs/concepts/architecture/leases/#leader-election',
  reads: {
    leases: { ...leases, namespace: 'kube-system' },
    componentStatuses: { ...componentStatuses, optional: true },
  },
  probes: ['/readyz?verbose'],
  // A component that crashes renews its Lease in between, and each run hears one of several API servers.
  flaps: true,
  options: z.strictObject({
    missedRenewals: z.number().min(1).default(4).describe('A Lease is stale when this many of its durations went by without a renewal'),
  }),
  start({ options, now, emit, link, probe }) {
    const renewals = new Map<string, Renewal>();
    const unhealthyEtcd: { readonly object: Ref; readonly message: string }[] = [];

    const judgeEtcd = async (): Promise<void> => {
      const remedy = 'look at etcd itself: etcdctl endpoint health --cluster, and its disk’s latency';
      const { body } = await probe('/readyz?verbose');
      const failed = failedChecks(body).filter((name) => name.startsWith('etcd'));
      if (failed.length > 0) {
        emit({
          object: etcd,
          severity: 'critical',
          message: `the API server cannot use it: its checks ${failed.join(' and ')} fail`,
          remedy,
        });
        link({ effect: apiServer, cause: etcd, because: 'it stores everything in etcd' });
      }
    };

    const judgeLease = (name: Component): void => {
      const lease = renewals.get(name);
      const remedy = `kubectl -n kube-system get lease ${name} -o yaml, then kubectl -n kube-system get pods -l component=${name} and their logs; a managed control plane shows no such pods, so ask its provider`;
      if (!lease) {
        const message = 'there is no such Lease in kube-system, so whether the component works cannot be told';
        emit({
          object: leaseOf(name),
          severity: 'info',
          message,
          remedy: `if it runs without leader election (--leader-elect=false), ignore this finding`,
        });
        return;
      }
      const { renewed, lasts, holder } = lease;
      if (renewed === undefined || now - renewed <= lasts * options.missedRenewals) return;
      emit({
        object: leaseOf(name),
        severity: 'critical',
        message: `no ${name} has been at work for ${inWords(now - renewed)}, so ${consequence[name]}`,
        remedy,
        ...startedAt(renewed),
        details: { lastHolder: holder },
      });
    };

    return {
      see: {
        leases({ metadata, spec }) {
          if (metadata?.namespace !== 'kube-system' || !components.some((name) => name === metadata.name)) return;
          // The holder's own clock, which may be slow, and the API server's of the last write.
          const times = [timeOf(spec?.renewTime) ?? timeOf(spec?.acquireTime), lastChange(metadata, 'spec')].filter(
            (time) => time !== undefined,
          );
          renewals.set(metadata.name ?? '', {
            renewed: times.length > 0 ? Math.max(...times) : undefined,
            // A leader that steps down leaves a Lease of one second: its successor has the usual 15 to come.
            lasts: Math.max(spec?.leaseDurationSeconds ?? 15, 15) * 1000,
            holder: spec?.holderIdentity ?? '',
          });
        },
        // Deprecated since 1.19. Of scheduler and controller manager it tells what listens on the API server's own localhost, wrong wherever
        // they run elsewhere; each etcd member is really asked.
        componentStatuses({ metadata, conditions }) {
          const healthy = conditionOf(conditions, 'Healthy');
          if (!metadata?.name?.startsWith('etcd') || healthy?.status !== 'False') return;
          unhealthyEtcd.push({
            object: refTo(componentStatuses, metadata),
            message: `this member is unhealthy${because(healthy.message || healthy.error)}`,
          });
        },
      },
      async finish() {
        for (const { object, message } of unhealthyEtcd) {
          emit({ object, severity: 'warning', message, remedy: 'etcdctl endpoint health --cluster' });
        }
        if (renewals.size > 0) for (const name of components) judgeLease(name);
        try {
          await judgeEtcd();
        } catch (error) {
          // What the Leases told stands where a source holds no /readyz.
          if (!(error instanceof NotApplicable) || renewals.size === 0) throw error;
        }
        if (renewals.size === 0)
          throw new NotApplicable(
            'kube-system holds no Lease of kube-scheduler or kube-controller-manager; etcd was looked at where it can be',
          );
      },
    };
  },
});
