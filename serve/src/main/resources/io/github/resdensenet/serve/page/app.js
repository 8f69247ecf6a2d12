const $ = id => document.getElementById(id);
const needsToken = document.documentElement.dataset.token === "true";
const percent = value => (100 * value).toFixed(1) + "%";
const NAMES = {
  accuracy: "Accuracy", balanced_accuracy: "Balanced accuracy", macro_f1: "Macro F1", macro_roc_auc: "ROC-AUC",
  ece: "Calibration error"
};
const FEATURES = {
  confidence: "confidence", predicted_class: "predicted classes", brightness: "brightness", contrast: "contrast",
  sharpness: "sharpness"
};
const MOST_AT_ONCE = 4;
const MOST_IMAGES = 60;
let token = "";
let cards = [];
let selected = null;
const images = [];

async function request(path, options = {}) {
  const headers = token ? { Authorization: "Bearer " + token } : {};
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("the service does not answer, or the file is too large");
  }
  const body = await response.json().catch(() => ({ error: "the service sent no JSON" }));
  if (!response.ok) {
    if (response.status === 401) $("sign-in").hidden = false;
    throw new Error(body.error || "status " + response.status);
  }
  return body;
}

function say(text, error = false) {
  $("status").textContent = text;
  $("status").classList.toggle("error", error);
}

function row(...cells) {
  const line = document.createElement("tr");
  cells.forEach((text, i) => {
    const cell = document.createElement(i ? "td" : "th");
    if (!i) cell.scope = "row";
    cell.textContent = text;
    line.append(cell);
  });
  return line;
}

function model() {
  return cards.find(card => card.name === $("model").value) || cards[0];
}

async function loadCards() {
  try {
    cards = await request("models");
  } catch (error) {
    say(needsToken && !token ? "Enter the token of this service." : error.message, !needsToken || token !== "");
    $("sign-in").hidden = !needsToken;
    return;
  }
  $("sign-in").hidden = true;
  say("");
  const chosen = $("model").value;
  $("model").replaceChildren(...cards.map(card => new Option(card.name, card.name, false, card.name === chosen)));
  $("model-choice").hidden = cards.length < 2;
  showCard();
}

function showCard() {
  const card = model();
  $("card").hidden = false;
  const trained = card.trained_on ? ` Trained on ${card.trained_on} for ${card.epochs} epochs.` : "";
  $("about").textContent = `${card.name}: ${card.architecture}, ${card.parameters.toLocaleString("en")} parameters, `
    + `${card.classes.length} classes, input of ${card.image_size} × ${card.image_size} pixels (resize mode ${card.resize}).${trained} `
    + (card.calibrated ? "Probabilities are calibrated." : "Probabilities are not calibrated.");
  const metrics = Object.entries(card.metrics);
  $("metrics").hidden = metrics.length === 0;
  $("metrics").caption.textContent = `Test set, ${card.test_images} images`;
  $("metrics").tBodies[0].replaceChildren(...metrics.map(([name, metric]) => {
    const show = name === "macro_f1" || name === "macro_roc_auc" ? value => value.toFixed(3) : percent;
    return row(NAMES[name], show(metric.value), metric.ci95 ? metric.ci95.map(show).join(" to ") : "");
  }));
  $("classes").hidden = card.per_class.length === 0 || card.per_class.length > 50;
  $("classes").tBodies[0].replaceChildren(...card.per_class.map(entry => row(
    entry.class, entry.images, "recall" in entry ? percent(entry.recall) : "", "precision" in entry ? percent(entry.precision) : "")));
  const limits = card.limits || [];
  $("limits").hidden = limits.length === 0;
  $("limits").querySelector("ul").replaceChildren(...limits.map(text => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  $("report").hidden = !card.report || needsToken;
  $("report").querySelector("a").href = `models/${encodeURIComponent(card.name)}/report`;
  showDrift(card);
}

function showDrift(card) {
  const drifted = (card.drift && card.drift.drifted) || [];
  $("drift").hidden = drifted.length === 0;
  if (drifted.length) {
    $("drift").textContent = `The last ${card.drift.window} images differ from the validation images in `
      + drifted.map(feature => FEATURES[feature]).join(", ") + ". The metrics below may not hold for them.";
  }
}

async function add(files) {
  const waiting = [...files];
  if (waiting.length === 0) return;
  if (!model()) {
    say("No model is loaded yet.", true);
    return;
  }
  let done = 0;
  let shown = false;
  const failed = [];
  const total = waiting.length;
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      say(total > 1 ? `Classifying ${done + 1} of ${total}…` : "Classifying…");
      try {
        const image = await classify(file);
        if (!shown) select(image);
        shown = true;
      } catch (error) {
        failed.push(`${file.name}: ${error.message}`);
      }
      done++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, total) }, worker));
  const classified = total - failed.length;
  const first = shown ? `${selected.file.name}: ${$("result-title").textContent}` : "";
  say(failed.length ? failed.join("\n") : classified > 1 ? `${classified} images classified.` : first, failed.length > 0);
  request("models").then(fresh => { cards = fresh; showDrift(model()); }).catch(() => {});
}

async function classify(file) {
  const name = model().name;
  const answer = await request("classify?model=" + encodeURIComponent(name), { method: "POST", body: file });
  const image = { file, answer, model: name, url: URL.createObjectURL(file) };
  image.entry = entry(image);
  images.unshift(image);
  $("history").prepend(image.entry);
  while (images.length > MOST_IMAGES) {
    const old = images.findLast(each => each !== selected);
    images.splice(images.indexOf(old), 1);
    old.entry.remove();
    URL.revokeObjectURL(old.url);
  }
  $("visit").hidden = images.length < 2;
  return image;
}

function ranked(answer) {
  return Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
}

function select(image) {
  selected = image;
  $("result").hidden = false;
  $("file-name").textContent = cards.length > 1 ? `${image.file.name} (${image.model})` : image.file.name;
  $("photo").src = image.preview || image.url;
  $("photo").alt = image.file.name;
  $("overlay").hidden = true;
  document.querySelector(".layers").classList.remove("exact");
  $("blend").hidden = true;
  $("verdict").textContent = "";
  showAnswer();
  for (const each of images) each.entry.firstChild.setAttribute("aria-current", each === selected);
  explain(image);
}

function showAnswer() {
  const entries = ranked(selected.answer);
  const threshold = $("threshold").value / 100;
  const [first, confidence] = entries[0];
  const abstained = confidence < threshold;
  $("threshold-value").textContent = $("threshold").value + "%";
  $("result-title").textContent = abstained ? "abstain" : first;
  $("abstained").hidden = !abstained;
  $("abstained").textContent = `The most probable class, ${first}, has ${percent(confidence)}: below ${$("threshold").value}%.`;
  $("bars").replaceChildren(...entries.slice(0, 10).map(([name, value]) => {
    const item = document.createElement("li");
    const fill = document.createElement("div");
    fill.className = "fill";
    fill.style.width = percent(value);
    const label = document.createElement("span");
    label.textContent = name;
    const number = document.createElement("span");
    number.className = "value";
    number.textContent = percent(value);
    item.append(fill, label, number);
    return item;
  }));
}

function entry(image) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  image.thumbnail = document.createElement("img");
  image.thumbnail.src = image.url;
  image.thumbnail.alt = "";
  const label = document.createElement("span");
  const [name, value] = ranked(image.answer)[0];
  label.textContent = `${name} ${percent(value)}`;
  const file = document.createElement("span");
  file.textContent = image.file.name;
  button.type = "button";
  button.setAttribute("aria-current", false);
  button.append(image.thumbnail, label, file);
  button.addEventListener("click", () => select(image));
  item.append(button);
  return item;
}

async function explain(image) {
  if (image.explanation) showExplanation(image);
  else if (image.explaining && image === selected) $("verdict").textContent = "Computing the heatmap…";
  if (image.explaining || image.explanation?.sanity) return;
  image.explaining = true;
  image.problem = "";
  const path = `explain?model=${encodeURIComponent(image.model)}&target=${encodeURIComponent(ranked(image.answer)[0][0])}`;
  try {
    if (!image.explanation) {
      if (image === selected) $("verdict").textContent = "Computing the heatmap…";
      const explanation = await request(path + "&check=false", { method: "POST", body: image.file });
      if (explanation.model !== image.answer.model) throw new Error("the service has loaded another checkpoint; add the image again");
      image.explanation = explanation;
      image.preview = image.thumbnail.src = image.explanation.image;
    }
    showExplanation(image);
    const checked = await request(path, { method: "POST", body: image.file });
    if (checked.model !== image.answer.model) throw new Error("the service has loaded another checkpoint");
    image.explanation = checked;
  } catch (error) {
    image.problem = error.message;
    if (image === selected && !image.explanation) $("verdict").textContent = "No heatmap: " + error.message;
  }
  image.explaining = false;
  if (image.explanation) showExplanation(image);
}

function showExplanation(image) {
  if (image !== selected) return;
  const { explanation } = image;
  $("photo").src = explanation.image;
  $("overlay").src = explanation.overlay;
  document.querySelector(".layers").classList.add("exact");
  $("overlay").hidden = false;
  $("blend").hidden = false;
  $("overlay").style.opacity = $("opacity").value / 100;
  $("verdict").textContent = explanation.sanity ? explanation.sanity.verdict
    : image.problem ? "Not checked whether the heatmap is faithful: " + image.problem
    : "Checking whether the heatmap is faithful…";
}

$("files").addEventListener("change", event => { add(event.target.files); event.target.value = ""; });
$("camera").addEventListener("change", event => { add(event.target.files); event.target.value = ""; });
$("opacity").addEventListener("input", () => { $("overlay").style.opacity = $("opacity").value / 100; });
$("threshold").addEventListener("input", showAnswer);
$("model").addEventListener("change", showCard);
$("sign-in").addEventListener("submit", event => {
  event.preventDefault();
  token = $("token").value.trim();
  loadCards();
});
document.addEventListener("paste", event => add(event.clipboardData.files));
document.addEventListener("dragover", event => { event.preventDefault(); $("drop").classList.add("over"); });
document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
document.addEventListener("drop", event => {
  event.preventDefault();
  $("drop").classList.remove("over");
  add(event.dataTransfer.files);
});
loadCards();
