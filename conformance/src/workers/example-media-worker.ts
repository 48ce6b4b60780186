import { Type } from "@mcai/worker-sdk";
import {
  AudioStreamDescriptor,
  DataStreamDescriptor,
  type FormatContext,
  MediaWorker,
  VideoStreamDescriptor,
} from "@mcai/worker-sdk-media";
import { exampleParameters } from "./example-parameters.ts";
import { goldenMetadata } from "./golden.ts";

const parameters = Type.Object(exampleParameters);

/** The twin of the Python SDK's examples/media_worker.py. */
class ExampleMediaWorker extends MediaWorker<typeof parameters> {
  initProcess(format: FormatContext) {
    return format.streams.map(({ kind, index }) => {
      if (kind === "video")
        return new VideoStreamDescriptor(index, [
          { name: "crop", label: "crop_filter", parameters: { out_w: 10, out_h: 20 } },
        ]);
      if (kind === "audio")
        return new AudioStreamDescriptor(index, [
          { name: "aformat", parameters: { sample_rates: 16000, channel_layouts: "mono", sample_fmts: "s16" } },
        ]);
      return new DataStreamDescriptor(index);
    });
  }

  processFrames() {
    return { status: "success" };
  }
}

export default new ExampleMediaWorker(parameters, goldenMetadata);
