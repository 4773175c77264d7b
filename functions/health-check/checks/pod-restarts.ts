import * as z from 'zod';
import { ownerReads, pods } from '../../cluster/kinds.ts';
import { defineCheck, type Finding, type Pass } from '../../scan/contracts.ts';
import { hours, inWords, timeOf } from '../age.ts';
import { kubectl } from '../kubectl.ts';
import { type ContainerStatus, called, containerStatuses, hasEnded, inCrashLoop, isTerminating, lastExit, type Pod } from '../pod-state.ts';
import { podsByOwner } from '../pods-by-owner.ts';
import { type RestartMemory, restartHistory } from '../restart-history.ts';

const endedAt = ({ state, lastState }: ContainerStatus): number | undefined =>
  timeOf((state?.terminated ?? lastState?.terminated)?.finishedAt);

/** Killed from outside, or lost with its node (255 after a reboot)? What ends by another code failed by itself. */
const wasKilled = ({ state, lastState }: ContainerStatus): boolean =>
  [137, 255].includes((state?.terminated ?? lastState?.terminated)?.exitCode ?? 0);

const options = z.strictObject({
  restarts: z.int().min(1).default(3).describe('This many restarts within the window are a fault'),
  windowHours: z.number().min(1).default(24).describe('Restarts longer ago do not count'),
});

export default defineCheck({
  id: 'pod-restarts',
  title: 'Containers that were restarted often of late',
  why: 'A container that is killed or dies a few times a day loses requests, though it looks well whenever somebody looks.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy',
  reads: { pods, ...ownerReads },
  // While a container is found waiting it is the check pod-waiting’s.
  flaps: true,
  options,
  start(pass: Pass<Finding, z.infer<typeof options>, RestartMemory>) {
    const { now, memory } = pass;
    const { restarts: threshold, windowHours } = pass.options;
    const found = podsByOwner(pass);
    const window = hours(windowHours);
    const history = restartHistory(memory, window, now);

    const judge = (pod: Pod, status: ContainerStatus): void => {
      const total = status.restartCount ?? 0;
      const created = timeOf(pod.metadata?.creationTimestamp);
      const { restarts, since } = history.note(`${pod.metadata?.uid}/${status.name}`, total, created);
      const ended = endedAt(status);
      // A container in a crash loop is the check pod-waiting's.
      if (inCrashLoop(status, now) || restarts < threshold || (ended !== undefined && now - ended > window)) return;
      const exit = lastExit(status);
      found.add(pod, {
        subject: status.name ?? '',
        severity: 'warning',
        message: `${called(status)} was restarted ${restarts} times in the last ${inWords(now - since)}${exit ? `, last after ${exit}` : ''}`,
        remedy: kubectl(pod.metadata, `logs ${pod.metadata?.name} -c ${status.name} --previous`),
        weight: restarts,
        because: 'its pod is restarted often',
        nodeMayBeCause: wasKilled(status),
      });
    };

    return {
      see: {
        pods(pod) {
          if (isTerminating(pod) || hasEnded(pod)) return;
          for (const status of containerStatuses(pod)) if (status.restartCount) judge(pod, status);
        },
      },
      finish: () => found.report(),
      remember: () => history.remember(),
    };
  },
});
