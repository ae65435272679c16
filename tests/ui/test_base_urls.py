"""Provider base URLs: made, edited and removed in Settings, chosen in the editor."""

from __future__ import annotations

from tests.ui.conftest import Open, press, text_of
from workbench.registry import base_urls, finding, publishing
from workbench.registry.publishing import Draft
from workbench.store.store import Store


def test_an_address_is_added_edited_and_removed_in_settings(open_page: Open, store: Store) -> None:
    app = open_page("settings", tab="Providers")
    app.text_input(key="base-url-new-name").set_value("eu")
    app.text_input(key="base-url-new-url").set_value("ftp://gateway")
    app.button(key="base-url-new-save").click().run()
    assert "http://" in text_of(app)
    assert base_urls.listed(store.connection) == []
    app.text_input(key="base-url-new-url").set_value("https://user:secret@gateway.example")
    app.button(key="base-url-new-save").click().run()
    assert base_urls.listed(store.connection) == []
    app.text_input(key="base-url-new-url").set_value("https://gateway.example/v1")
    app.button(key="base-url-new-save").click().run()
    [one] = base_urls.listed(store.connection)
    assert (one.name, one.provider, one.url) == ("eu", "openai", "https://gateway.example/v1")
    assert one.updated_by == "page"
    app = open_page("settings", tab="Providers")
    app.text_input(key=f"base-url-{one.id}-url").set_value("https://other.example")
    app.button(key=f"base-url-{one.id}-save").click().run()
    assert base_urls.listed(store.connection)[0].url == "https://other.example"
    app = open_page("settings", tab="Providers")
    app.button(key=f"gone-{one.id}").click().run()
    assert base_urls.listed(store.connection) == []


def test_the_editor_names_an_address_and_goes_back_to_the_vendors_own(
    open_page: Open, store: Store
) -> None:
    base_urls.save(store, "page", "eu", "openai", "https://gateway.example/v1")
    prompt = {"type": "chat", "messages": [{"role": "user", "content": "Hello"}]}
    id_ = publishing.publish(store, "page", Draft(name="greeting", prompt=prompt)).template.id
    for chosen, kept in (("eu", "eu"), ("the vendor's own", None)):
        app = open_page("templates", template=str(id_))
        next(one for one in app.selectbox if one.label == "Base URL").set_value(chosen)
        app.run()
        newest = finding.version(store.connection, id_)[1].number
        press(app, "Save…", f"Save version {newest + 1}")
        assert finding.version(store.connection, id_)[1].provider_base_url == kept


def test_a_template_that_names_an_address_that_is_gone_says_so(
    open_page: Open, store: Store
) -> None:
    prompt = {"type": "chat", "messages": [{"role": "user", "content": "Hello"}]}
    draft = Draft(name="greeting", prompt=prompt, provider_base_url="<b>gone</b>")
    id_ = publishing.publish(store, "page", draft).template.id
    shown = text_of(open_page("templates", template=str(id_)))
    assert "There is no base URL" in shown
    assert "<b>gone" not in shown
