// Runs a folder of `export --format hf` in transformers.js.
// usage: node transformers.mjs MODELS FOLDER TENSORS SIZE; TENSORS is a file of float32 [n, 3, SIZE, SIZE]
import fs from "node:fs";
import { AutoModelForImageClassification, Tensor, env } from "@huggingface/transformers";

const [models, folder, file, size] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = models;
const model = await AutoModelForImageClassification.from_pretrained(folder, { dtype: "fp32" });
const bytes = fs.readFileSync(file);
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const length = 3 * size * size;
for (let start = 0; start < numbers.length; start += length) {
  const image = new Tensor("float32", numbers.slice(start, start + length), [1, 3, +size, +size]);
  const { logits } = await model({ pixel_values: image });
  const values = Array.from(logits.data);
  console.log(JSON.stringify({ logits: values, label: model.config.id2label[values.indexOf(Math.max(...values))] }));
}
