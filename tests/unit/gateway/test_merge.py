"""One OpenAPI document out of several."""

from typing import Any

from gateway.openapi.merge import merge

INFO = {"title": "Hall", "version": "1"}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def part(path: str, schemas: dict[str, Any], *, schema: Any = None, operation: str = "list") -> dict[str, Any]:
    answer = {"200": {"content": {"application/json": {"schema": schema or {}}}}}
    get = {"operationId": operation, "tags": [path], "responses": answer, "security": [{"bearer": []}]}
    return {"openapi": "3.1.0", "paths": {f"/api/v1/{path}": {"get": get}}, "components": {"schemas": schemas}}


def merged(**parts: Any) -> dict[str, Any]:
    return merge(parts, info=INFO, servers=[{"url": "http://hall"}])


def answer_of(document: dict[str, Any], path: str) -> Any:
    return document["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]


def test_the_same_schema_is_shared() -> None:
    money = {"type": "object", "properties": {"currency": {"type": "string"}}}
    document = merged(listing=part("rights", {"Money": money}), contract=part("deals", {"Money": money}))
    assert document["components"]["schemas"] == {"Money": money}


def test_different_schemas_of_one_name_get_the_name_of_their_service() -> None:
    document = merged(
        listing=part("rights", {"View": {"type": "object"}}, schema=ref("View")),
        contract=part("deals", {"View": {"type": "string"}}, schema={"type": "array", "items": ref("View")}),
    )
    assert document["components"]["schemas"] == {"ListingView": {"type": "object"}, "ContractView": {"type": "string"}}
    assert answer_of(document, "rights") == ref("ListingView")
    assert answer_of(document, "deals") == {"type": "array", "items": ref("ContractView")}


def test_what_refers_to_different_schemas_is_different_too() -> None:
    page = {"type": "array", "items": ref("Middle")}
    middle = {"type": "object", "properties": {"view": ref("View")}}
    document = merged(
        listing=part("rights", {"Page": page, "Middle": middle, "View": {"type": "object"}}, schema=ref("Page")),
        notify=part("notifications", {"Page": page, "Middle": middle, "View": {"type": "null"}}, schema=ref("Page")),
    )
    schemas = document["components"]["schemas"]
    assert set(schemas) == {f"{owner}{name}" for owner in ("Listing", "Notify") for name in ("Page", "Middle", "View")}
    assert schemas["NotifyPage"]["items"] == ref("NotifyMiddle")
    assert schemas["NotifyMiddle"]["properties"]["view"] == ref("NotifyView")
    assert answer_of(document, "notifications") == ref("NotifyPage")


def test_discriminators_follow() -> None:
    price = {"discriminator": {"propertyName": "form", "mapping": {"fixed": "#/components/schemas/Fixed"}}}
    document = merged(
        listing=part("rights", {"Price": price, "Fixed": {"type": "object"}}),
        contract=part("deals", {"Fixed": {"type": "string"}}),
    )
    mapping = document["components"]["schemas"]["Price"]["discriminator"]["mapping"]
    assert mapping == {"fixed": "#/components/schemas/ListingFixed"}


def test_every_reference_leads_somewhere() -> None:
    document = merged(
        listing=part("rights", {"A": ref("B"), "B": {"type": "object"}}, schema=ref("A")),
        contract=part("deals", {"A": ref("B"), "B": {"type": "string"}}, schema=ref("A")),
    )
    names = set(document["components"]["schemas"])
    assert {answer_of(document, path)["$ref"].rpartition("/")[2] for path in ("rights", "deals")} <= names
    assert {
        schema["$ref"].rpartition("/")[2] for schema in document["components"]["schemas"].values() if "$ref" in schema
    }
    assert names == {"ListingA", "ListingB", "ContractA", "ContractB"}


def test_operation_ids_are_unique_and_a_key_is_as_good_as_a_token() -> None:
    document = merged(listing=part("rights", {}), contract=part("deals", {}))
    operations = [item["get"] for item in document["paths"].values()]
    assert {operation["operationId"] for operation in operations} == {"list", "contract_list"}
    assert all(operation["security"] == [{"bearer": []}, {"api_key": []}] for operation in operations)
    assert set(document["components"]["securitySchemes"]) == {"bearer", "api_key"}


def test_the_frame_of_the_document() -> None:
    document = merged(listing=part("rights", {}), contract=part("deals", {}))
    assert document["openapi"] == "3.1.0"
    assert document["info"] == INFO
    assert document["servers"] == [{"url": "http://hall"}]
    assert [tag["name"] for tag in document["tags"]] == ["deals", "rights"]


def test_the_parts_are_not_changed() -> None:
    listing = part("rights", {"View": {"type": "object"}}, schema=ref("View"))
    contract = part("deals", {"View": {"type": "string"}}, schema=ref("View"))
    first = merged(listing=listing, contract=contract)
    assert merged(listing=listing, contract=contract) == first
    assert listing["paths"]["/api/v1/rights"]["get"]["operationId"] == "list"
