using CtrPS.Client.Builds;
using CtrPS.Client.Formats.Tar;

namespace CtrPS.Client.Tests.Builds;

public sealed class MergedTreeTests
{
    private const char File = TarEntryFacts.File;
    private const char Folder = TarEntryFacts.Folder;
    private const char Link = TarEntryFacts.SymbolicLink;
    private const char Hard = TarEntryFacts.HardLink;

    [Fact]
    public void What_later_layers_delete_is_gone() => Assert.Equal(
        ["a/", "a/new", "a/stays"],
        Left([[(Folder, "a/", ""), (File, "a/stays", ""), (File, "a/goes", "")], [(File, "a/.wh.goes", ""), (File, "a/new", "")]]));

    [Fact]
    public void A_deleted_folder_takes_along_what_lower_layers_have_in_it_and_keeps_what_is_of_its_own_layer() => Assert.Equal(
        ["a/b/kept"],
        Left([[(Folder, "a/", ""), (File, "a/old", "")], [(File, "a/b/kept", ""), (File, ".wh.a", "")]]));

    [Fact]
    public void An_opaque_folder_shows_only_its_own_layer_wherever_the_mark_stands() => Assert.Equal(
        ["a/", "a/new"],
        Left([[(Folder, "a/", ""), (File, "a/old", "")], [(Folder, "a/", ""), (File, "a/new", ""), (File, "a/.wh..wh..opq", "")]]));

    [Fact]
    public void The_mark_of_an_older_union_file_system_is_no_file() => Assert.Equal(["a"], Left([[(File, ".wh..wh.plnk", ""), (File, "a", "")]]));

    [Fact]
    public void A_file_that_is_replaced_by_a_folder_and_back_is_what_it_was_last()
    {
        Assert.Equal(["a/", "a/b"], Left([[(File, "a", "")], [(Folder, "a/", ""), (File, "a/b", "")]]));
        Assert.Equal(["a"], Left([[(Folder, "a/", ""), (File, "a/b", "")], [(File, "a", "")]]));
    }

    [Fact]
    public void Links_on_the_way_are_followed_within_the_root() => Assert.Equal(
        ["etc/passwd", "lib", "out", "usr/", "usr/lib/", "usr/lib/x"],
        Left(
        [
            [(Folder, "usr/", ""), (Folder, "usr/lib/", ""), (Link, "lib", "usr/lib"), (Link, "out", "../../etc")],
            [(File, "lib/x", ""), (File, "out/passwd", "")],
        ]));

    [Fact]
    public void Names_do_not_leave_the_root() => Assert.Equal(["etc/shadow", "x"], Left([[(File, "../../etc/shadow", ""), (File, "/./x", "")]]));

    [Fact]
    public void A_file_whose_first_name_is_deleted_is_left_under_the_second()
    {
        var tree = Tree([[(File, "a", ""), (Hard, "b", "a"), (Hard, "c", "a")], [(File, ".wh.a", "")]]);
        Assert.Empty(tree.Settle());
        Assert.Equal(["b", "c"], tree.Find(0, 0)!.Value.Names);
    }

    [Fact]
    public void A_file_that_was_written_anew_is_not_what_its_other_name_has()
    {
        var tree = Tree([[(File, "a", ""), (Hard, "b", "a")], [(File, "a", "")]]);
        _ = tree.Settle();
        Assert.Equal(["b"], tree.Find(0, 0)!.Value.Names);
        Assert.Equal(["a"], tree.Find(1, 0)!.Value.Names);
        Assert.True(tree.HasFilesOf(0));
    }

    [Fact]
    public void A_layer_of_which_nothing_is_left_is_not_read_again()
    {
        var tree = Tree([[(File, "a", "")], [(File, "a", "")]]);
        _ = tree.Settle();
        Assert.False(tree.HasFilesOf(0));
    }

    [Theory]
    [InlineData(Hard, "b", "nowhere", "link to 'nowhere'")]
    [InlineData(File, "loop/x", "", "leads to itself")]
    [InlineData(File, "a\uFFFDb", "", "no UTF-8")]
    public void What_cannot_be_merged_is_refused(char type, string name, string link, string words)
    {
        MergedTree tree = Tree([[(Link, "loop", "loop")]]);
        Exception fault = Assert.ThrowsAny<Exception>(() => tree.Add(1, 0, Facts(type, name, link)));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_without_end_are_refused_before_anything_goes_through_them()
    {
        string deep = string.Concat(Enumerable.Repeat("a/", 1000));
        MergedTree tree = Tree([[(File, deep + "x", ""), (Link, "far", deep)]]);
        Exception fault = Assert.ThrowsAny<Exception>(() => tree.Add(1, 0, Facts(File, $"far/{deep}x", "")));
        Assert.Contains("more than 1024", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attributes_that_would_fill_the_memory_are_refused()
    {
        MergedTree tree = Tree([]);
        TarEntryFacts large = Facts(File, "x", "") with { Records = [KeyValuePair.Create("SCHILY.xattr.user.x", new byte[1 << 20])] };
        Exception fault = Assert.ThrowsAny<Exception>(() =>
        {
            for (int place = 0; place < 300; place++)
            {
                tree.Add(0, place, large);
            }
        });
        Assert.Contains("bytes together", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>The names that are left, in the order of the alphabet.</summary>
    private static string[] Left((char Type, string Name, string Link)[][] layers)
    {
        MergedTree tree = Tree(layers);
        List<string> names = [.. tree.Settle().Select(facts => facts.Name)];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            for (int place = 0; place < layers[layer].Length; place++)
            {
                names.AddRange(tree.Find(layer, place)?.Names ?? []);
            }
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    private static MergedTree Tree((char Type, string Name, string Link)[][] layers)
    {
        var tree = new MergedTree(what => new InvalidOperationException(what));
        for (int layer = 0; layer < layers.Length; layer++)
        {
            for (int place = 0; place < layers[layer].Length; place++)
            {
                (char type, string name, string link) = layers[layer][place];
                tree.Add(layer, place, Facts(type, name, link));
            }
        }

        return tree;
    }

    private static TarEntryFacts Facts(char type, string name, string link) => new() { Type = type, Name = name, LinkName = link };
}
