import type { JobLog } from "../log/job-log.ts";
import type { InstanceAddress } from "../response/instance-address.ts";
import type { WorkerConfiguration } from "../response/worker-configuration.ts";
import type { DirectQueue } from "../transport/amqp/consumer.ts";

/** Returns the worker's own queue, with the name and the binding that its address has at the time. */
export function toDirectQueue(
  address: InstanceAddress,
  configuration: WorkerConfiguration,
  log: JobLog,
  onRenamed: () => void,
): DirectQueue {
  return {
    get name() {
      return configuration.direct_messaging_queue_name;
    },
    get binding() {
      const { instance_id, queue_name, label, version } = configuration;
      return { instance_id, job_type: queue_name, worker_name: label, worker_version: version };
    },
    rename() {
      const { direct_messaging_queue_name: queue, instance_id: id } = configuration;
      if (address.isQueueChosen) {
        log.warn(
          `Another consumer has the queue ${queue}, which DIRECT_MESSAGING_IDENTIFIER names. Each of both receives only a part of the direct orders.`,
        );
        return false;
      }
      address.addSuffix();
      onRenamed();
      log.warn(
        `Another consumer has the queue ${queue}: the instance id of this worker is now ${address.instanceId}, and no longer ${id}.`,
      );
      return true;
    },
  };
}
