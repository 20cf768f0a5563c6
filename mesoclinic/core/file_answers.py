"""A file as the answer to a request: a paper to print, or something to save. No browser keeps it."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

PDF = "application/pdf"


def file_answer(
    content: bytes, file_name: str, content_type: str = PDF, *, as_attachment: bool = False
) -> HttpResponse:
    """Answer with a file that the browser opens, or saves when it is an attachment."""
    named = content_disposition_header(as_attachment=as_attachment, filename=file_name)
    headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=content_type, headers=headers)
