"""Holds answers of the server, a JSON line each, against its OpenAPI document.

Wants the document and the file of answers; fails on an undocumented status or a body outside its schema.
"""

import json
import sys

import jsonschema_rs

document = json.load(open(sys.argv[1], encoding="utf-8"))
wrong, looked_at = [], 0
for line in open(sys.argv[2], encoding="utf-8"):
    answer = json.loads(line)
    method, endpoint = answer["route"].split(" ")
    fixed, _, parameter = endpoint.partition("/:")
    path = f"/api/v1/{fixed}/{{{parameter}}}" if parameter else f"/api/v1/{endpoint}"
    responses = document["paths"][path][method.lower()]["responses"]
    where = f"{answer['route']} by {answer['caller']}: {answer['status']}"
    if str(answer["status"]) not in responses:
        wrong.append(f"{where} is not documented")
        continue
    response = responses[str(answer["status"])]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    # A picture has no schema: that its status is documented is all there is to see.
    if "application/json" not in response["content"]:
        looked_at += 1
        continue
    schema = response["content"]["application/json"]["schema"]
    # True is the schema of anything; everything else has to name every field of an answer.
    whole = {} if schema is True else {"unevaluatedProperties": False, **schema}
    whole["components"] = document["components"]
    validator = jsonschema_rs.Draft202012Validator(whole)
    for error in validator.iter_errors(json.loads(answer["body"])):
        wrong.append(f"{where}: {error.message} at {error.instance_path}: {answer['body'][:300]}")
    looked_at += 1
print(f"{looked_at} answers are as documented" if not wrong else "\n".join(wrong))
sys.exit(bool(wrong))
