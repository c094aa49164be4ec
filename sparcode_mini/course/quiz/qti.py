"""The tests as QTI 1.2 in a zip, in the form that Canvas exports and imports.

Canvas also reads QTI 2.1, but other systems differ more in that version; Moodle reads no QTI and
has its own two formats. Each test is an assessment of its own.
"""

import io
import zipfile
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from sparcode_mini.course.quiz.bank import Sheet
from sparcode_mini.course.quiz.items import CHOICE, Choice, Item, decimal
from sparcode_mini.course.quiz.markup import to_html

QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
MANIFEST = "imsmanifest.xml"
RESPONSE = "response1"
_DAY = (2026, 1, 1, 0, 0, 0)  # of the files in the zip, so that equal content is an equal file


def qti_zip(sheets: Sequence[Sheet]) -> bytes:
    """Return the package of all tests."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, MANIFEST, _manifest(sheets))
        for sheet in sheets:
            _add(archive, _path(sheet), _assessment(sheet))
    return buffer.getvalue()


def _path(sheet: Sheet) -> str:
    return f"{sheet.name}/{sheet.name}.xml"


def _add(archive: zipfile.ZipFile, name: str, root: ET.Element) -> None:
    ET.indent(root)
    data = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    archive.writestr(zipfile.ZipInfo(name, _DAY), data, zipfile.ZIP_DEFLATED)


def _manifest(sheets: Sequence[Sheet]) -> ET.Element:
    manifest = ET.Element("manifest", identifier="sparcode-mini-quiz", xmlns=PACKAGE)
    metadata = ET.SubElement(manifest, "metadata")
    ET.SubElement(metadata, "schema").text = "IMS Content"
    ET.SubElement(metadata, "schemaversion").text = "1.1.3"
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    for sheet in sheets:
        resource = ET.SubElement(
            resources, "resource", identifier=sheet.name, type="imsqti_xmlv1p2", href=_path(sheet)
        )
        ET.SubElement(resource, "file", href=_path(sheet))
    return manifest


def _assessment(sheet: Sheet) -> ET.Element:
    root = ET.Element("questestinterop", xmlns=QTI)
    assessment = ET.SubElement(root, "assessment", ident=sheet.name, title=sheet.title)
    section = ET.SubElement(assessment, "section", ident="root_section")
    for item in sheet.items:
        _item(section, item, f"{sheet.name}.{item.id}")
    return root


def _item(section: ET.Element, item: Item, ident: str) -> None:
    element = ET.SubElement(section, "item", ident=ident, title=item.id)
    fields = ET.SubElement(ET.SubElement(element, "itemmetadata"), "qtimetadata")
    kind = "multiple_choice_question" if item.kind == CHOICE else "numerical_question"
    for label, entry in (("question_type", kind), ("points_possible", "1.0")):
        pair = ET.SubElement(fields, "qtimetadatafield")
        ET.SubElement(pair, "fieldlabel").text = label
        ET.SubElement(pair, "fieldentry").text = entry
    presentation = ET.SubElement(element, "presentation")
    _material(presentation, item.stem)
    choices = item.choices()
    if item.kind == CHOICE:
        response = ET.SubElement(
            presentation, "response_lid", ident=RESPONSE, rcardinality="Single"
        )
        render = ET.SubElement(response, "render_choice")
        for number, choice in enumerate(choices, 1):
            _material(ET.SubElement(render, "response_label", ident=str(number)), choice.text)
    else:
        response = ET.SubElement(
            presentation, "response_str", ident=RESPONSE, rcardinality="Single"
        )
        render = ET.SubElement(response, "render_fib", fibtype="Decimal")
        ET.SubElement(render, "response_label", ident="answer1")
    _processing(element, item, choices)
    for number, choice in enumerate(choices, 1):
        feedback = ET.SubElement(element, "itemfeedback", ident=f"{number}_fb")
        _material(ET.SubElement(feedback, "flow_mat"), choice.why)


def _processing(element: ET.Element, item: Item, choices: Sequence[Choice]) -> None:
    """Write what follows which answer: first the reasons, then the score."""
    processing = ET.SubElement(element, "resprocessing")
    outcomes = ET.SubElement(processing, "outcomes")
    limits = {"maxvalue": "100", "minvalue": "0", "varname": "SCORE", "vartype": "Decimal"}
    ET.SubElement(outcomes, "decvar", limits)
    for number, choice in enumerate(choices, 1):
        condition = _condition(processing, item, choice, number, "Yes")
        ET.SubElement(
            condition, "displayfeedback", feedbacktype="Response", linkrefid=f"{number}_fb"
        )
    number = choices.index(item.key) + 1
    condition = _condition(processing, item, item.key, number, "No")
    ET.SubElement(condition, "setvar", action="Set", varname="SCORE").text = "100"


def _condition(
    processing: ET.Element, item: Item, choice: Choice, number: int, more: str
) -> ET.Element:
    condition = ET.SubElement(processing, "respcondition", {"continue": more})
    variable = ET.SubElement(condition, "conditionvar")
    if item.kind == CHOICE:
        ET.SubElement(variable, "varequal", respident=RESPONSE).text = str(number)
        return condition
    value = decimal(choice.text)
    either = ET.SubElement(variable, "or")
    ET.SubElement(either, "varequal", respident=RESPONSE).text = f"{value:.12g}"
    both = ET.SubElement(either, "and")
    ends = {"vargte": value - item.tolerance, "varlte": value + item.tolerance}
    for name, end in ends.items():
        ET.SubElement(both, name, respident=RESPONSE).text = f"{end:.12g}"
    return condition


def _material(parent: ET.Element, text: str) -> None:
    material = ET.SubElement(parent, "material")
    ET.SubElement(material, "mattext", texttype="text/html").text = to_html(text)
